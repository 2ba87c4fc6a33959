#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

// HEXGEN_RUN is the program's path; the tests run in the repository root.
namespace hexgen::test {

struct Outcome {
  int exit_code = -1;
  std::string output;  // of both streams
};

inline Outcome run(const std::string& arguments) {
  FILE* pipe = popen((std::string(HEXGEN_RUN) + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Outcome outcome;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) {
    outcome.output.append(buffer, count);
  }
  outcome.exit_code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace hexgen::test
