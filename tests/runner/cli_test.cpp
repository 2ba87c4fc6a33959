#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

// HEXGEN_RUN is the program's path; the tests run in the repository root.
namespace {

struct Outcome {
  int exit_code = -1;
  std::string output;  // of both streams
};

Outcome run(const std::string& arguments) {
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

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("hexgen-run check shows each device's shard and exits 0") {
  const Outcome outcome = run("check --plan tests/data/plan/two_pipelines.json");
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.output, "bound by stage 1 (b:0)"));
  CHECK(run("check --plan tests/data/plan/two_pipelines.json --json").output.front() == '{');
}

TEST_CASE("hexgen-run check exits 3 and names the device that lacks memory") {
  const Outcome outcome = run("check --plan tests/data/plan/does_not_fit.json");
  CHECK(outcome.exit_code == 3);
  CHECK(contains(outcome.output, "hexgen-run: error: pipelines[1].stages[0]: device a:2"));
}

TEST_CASE(
    "hexgen-run check exits 2 for a missing plan, an unknown option and a model that does not "
    "match") {
  CHECK(run("check --plan nowhere.json").exit_code == 2);
  CHECK(run("check --plan tests/data/plan/two_pipelines.json --frobnicate").exit_code == 2);
  const Outcome outcome =
      run("check --plan tests/data/plan/two_pipelines.json --model llama-2-70b");
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.output, "cover 8 layers, the model has 80"));
  CHECK(run("").exit_code == 2);
}
