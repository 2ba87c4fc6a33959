#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "profiles/file.h"
#include "tests/support/shell.h"
#include "tests/support/temporary_folder.h"

// `hexgen-plan replan` as a user runs it.
namespace {

using hexgen::test::contains;
using hexgen::test::Finished;

Finished run_program(const std::string& arguments) {
  return hexgen::test::run_shell(std::string(HEXGEN_PLAN) + " " + arguments);
}

const std::string kWorkload = " --workload hexgen-32 --policy one-batch --max-batch 1 --quiet ";

/// A plan for a cluster, found in a short search.
std::string plan_for(const hexgen::test::TemporaryFolder& folder, const std::string& cluster) {
  const std::string plan = folder / (cluster + ".json");
  REQUIRE(run_program("search --cluster " + cluster + " --model llama-2-70b" + kWorkload +
                      "--population 8 --generations 1 --out " + plan)
              .exit_code == 0);
  return plan;
}

void check_error(const std::string& arguments, int exit_code, const std::string& message) {
  CAPTURE(arguments);
  const Finished finished = run_program(arguments);
  CHECK(finished.exit_code == exit_code);
  CHECK(finished.output == "hexgen-plan: error: " + message + "\n");
}

}  // namespace

TEST_CASE("a plan survives a lost node, with one thread as with three") {
  const hexgen::test::TemporaryFolder folder;
  const std::string replan =
      "replan --plan " + plan_for(folder, "hexgen-half") + " --lost ic-0" + kWorkload;
  std::string report;
  for (const std::string& threads : {std::string("1"), std::string("3")}) {
    const std::string out = folder / ("new-" + threads + ".json");
    const Finished finished = run_program(replan + "--json --threads " + threads + " --out " + out);
    REQUIRE(finished.exit_code == 0);
    CHECK((report.empty() || report == finished.output));
    report = finished.output;
    CHECK(run_program("check " + out).exit_code == 0);
    CHECK_FALSE(contains(hexgen::read_file(out), "\"ic-0:"));
  }
  CHECK(hexgen::read_file(folder / "new-1.json") == hexgen::read_file(folder / "new-3.json"));
  for (const char* key : {"\"hexgen.replan/1\"", "\"before\"", "\"during\"", "\"after\""}) {
    CHECK(contains(report, key));
  }
}

TEST_CASE("the report for people says what stays, what is loaded and how requests fare") {
  const hexgen::test::TemporaryFolder folder;
  const std::string plan = plan_for(folder, "hexgen-half");
  const Finished finished =
      run_program("replan --plan " + plan + kWorkload + "--out " + (folder / "new.json"));
  CHECK(finished.exit_code == 0);
  CHECK(contains(finished.output, "Kept as they are: p0"));
  CHECK(contains(finished.output, "Nothing is to be loaded."));
  CHECK(contains(finished.output, "% of requests within the SLO"));
}

TEST_CASE("bad inputs of replan end with one line that says what was expected") {
  const hexgen::test::TemporaryFolder folder;
  const std::string plan = plan_for(folder, "case-study");
  const std::string replan = "replan --plan " + plan + kWorkload;
  check_error(replan + "--lost il-9",
              2,
              "--lost: 'il-9' is no node of cluster case-study, did you mean 'il-0'?");
  check_error(
      replan + "--lost il-0:4", 2, "--lost: 'il-0:4': '4' is no GPU of node il-0, expected 0 to 3");
  check_error(replan + "--lost il-0 il-1 il-2",
              3,
              "model llama-2-70b: no device of cluster case-study is left; its weights alone need "
              "138.0 GB");
  const Finished too_small = run_program(replan + "--lost il-0");
  CHECK(too_small.exit_code == 3);
  CHECK(contains(too_small.output, "GB more"));
  const std::string cluster = folder / "cluster.json";
  hexgen::write_file(cluster, R"({"format": "hexgen.cluster/1"})");
  check_error("replan --plan " + cluster + kWorkload,
              2,
              cluster + ": format: \"hexgen.cluster/1\" is not \"hexgen.plan/1\"");
}

TEST_CASE("explain says what binds, what one more GPU is worth and what the runner-up was") {
  const hexgen::test::TemporaryFolder folder;
  const std::string explain =
      "explain " + plan_for(folder, "case-study") +
      " --workload hexgen-32 --policy one-batch --max-batch 1 --population 4 --generations 1 ";
  const Finished finished = run_program(explain);
  CHECK(finished.exit_code == 0);
  for (const char* part : {"What binds", "One more GPU", "RTX-A4000", "other groups"}) {
    CHECK(contains(finished.output, part));
  }
  const Finished json = run_program(explain + "--json --threads 1");
  CHECK(contains(json.output, "\"hexgen.explanation/1\""));
  CHECK(json.output == run_program(explain + "--json --threads 3").output);
}
