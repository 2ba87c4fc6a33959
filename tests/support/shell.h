#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <vector>

// Programs as a user runs them.
namespace hexgen::test {

struct Finished {
  int exit_code = -1;
  std::string output;  // stdout and stderr
};

inline Finished run_shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Finished finished;
  std::vector<char> buffer(4096);
  while (const std::size_t read = fread(buffer.data(), 1, buffer.size(), pipe)) {
    finished.output.append(buffer.data(), read);
  }
  finished.exit_code = WEXITSTATUS(pclose(pipe));
  return finished;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace hexgen::test
