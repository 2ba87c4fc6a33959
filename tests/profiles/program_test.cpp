#include "profiles/program.h"

#include <doctest/doctest.h>

#include <iostream>
#include <sstream>

#include "profiles/errors.h"

namespace {

struct Outcome {
  int exit_code = 0;
  std::string error_output;
};

template <typename Body>
Outcome run(const Body& body) {
  std::ostringstream captured;
  std::streambuf* before = std::cerr.rdbuf(captured.rdbuf());
  const int exit_code = hexgen::run_program("hexgen-plan", body);
  std::cerr.rdbuf(before);
  return {exit_code, captured.str()};
}

template <typename Error>
Outcome run_failing(const std::string& message) {
  return run([&]() -> int { throw Error(message); });
}

}  // namespace

TEST_CASE("a program that does its work returns what its body returns and says nothing") {
  CHECK(run([] { return 0; }).exit_code == 0);
  CHECK(run([] { return 0; }).error_output.empty());
}

TEST_CASE("every kind of error has its exit code") {
  CHECK(run_failing<std::logic_error>("x").exit_code == 1);
  CHECK(run_failing<hexgen::InputError>("x").exit_code == 2);
  CHECK(run_failing<hexgen::InfeasibleError>("x").exit_code == 3);
  CHECK(run_failing<hexgen::DeviceError>("x").exit_code == 4);
}

TEST_CASE("an error is one line on stderr") {
  CHECK(run_failing<hexgen::InputError>("cluster.json: nodes[2].gpus: 9 is more than 8")
            .error_output == "hexgen-plan: error: cluster.json: nodes[2].gpus: 9 is more than 8\n");
  CHECK(run_failing<hexgen::InputError>("two\nlines").error_output ==
        "hexgen-plan: error: two lines\n");
}

TEST_CASE("the version line names program, version and commit") {
  CHECK(hexgen::version_line("hexgen-sim") ==
        "hexgen-sim " + hexgen::version() + " (commit " + hexgen::git_commit() + ")");
  CHECK_FALSE(hexgen::git_commit().empty());
}
