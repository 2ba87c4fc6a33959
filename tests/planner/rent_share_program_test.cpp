#include <doctest/doctest.h>

#include <string>

#include "profiles/file.h"
#include "tests/support/shell.h"
#include "tests/support/temporary_folder.h"

// `hexgen-plan rent` and `hexgen-plan share` as a user runs them.
namespace {

using hexgen::test::contains;
using hexgen::test::Finished;

Finished run_program(const std::string& arguments) {
  return hexgen::test::run_shell(std::string(HEXGEN_PLAN) + " " + arguments);
}

const std::string kRent =
    "rent --offers cloud-2026-11 --model llama-3.1-8b --workload azure-conversation --requests 60 "
    "--quiet --population 6 --generations 1 --rivals 1 ";

}  // namespace

TEST_CASE("a rented cluster holds the plan, with one thread as with three") {
  const hexgen::test::TemporaryFolder folder;
  std::string list;
  for (const std::string& threads : {std::string("1"), std::string("3")}) {
    const Finished finished = run_program(kRent + "--json --threads " + threads + " --out " +
                                          folder / (threads + ".json") + " --cluster-out " +
                                          folder / ("cluster-" + threads + ".json"));
    REQUIRE(finished.exit_code == 0);
    CHECK((list.empty() || list == finished.output));
    list = finished.output;
  }
  CHECK(hexgen::read_file(folder / "1.json") == hexgen::read_file(folder / "3.json"));
  CHECK(hexgen::read_file(folder / "cluster-1.json") ==
        hexgen::read_file(folder / "cluster-3.json"));
  for (const char* key : {"\"hexgen.rent/1\"", "\"total_per_hour\"", "\"tried\""}) {
    CHECK(contains(list, key));
  }
  const Finished check =
      run_program("check " + (folder / "1.json") + " --cluster " + (folder / "cluster-1.json"));
  CHECK(check.exit_code == 0);
}

TEST_CASE("within a budget the best mix is rented, and the table says what it costs") {
  const hexgen::test::TemporaryFolder folder;
  const Finished finished =
      run_program(kRent + "--objective attainment --budget 4 --exclude lambda-1xgh200 --out " +
                  folder / "plan.json");
  CHECK(finished.exit_code == 0);
  CHECK(contains(finished.output, "of $4.00"));
  CHECK_FALSE(contains(finished.output, "gh200"));
}

TEST_CASE("bad inputs of rent end with one line that says what was expected") {
  const auto check_error =
      [](const std::string& arguments, int exit_code, const std::string& line) {
        const Finished finished = run_program(arguments);
        CHECK(finished.exit_code == exit_code);
        CHECK(finished.output == "hexgen-plan: error: " + line + "\n");
      };
  check_error("rent --offers hexgen-full --model llama-2-7b --workload hexgen-32",
              2,
              "'hexgen-full' is neither a file nor a built-in price list, expected one of "
              "cloud-2026-11");
  check_error(kRent + "--exclude p4d.24xlarg",
              2,
              "price list cloud-2026-11: 'p4d.24xlarg' is no offer to leave out, did you mean "
              "'p4d.24xlarge'?");
  check_error(
      kRent + "--budget 0.5",
      3,
      "model llama-3.1-8b: no mix of price list cloud-2026-11 holds it for at most $0.50 per "
      "hour (tried pipelines of up to 3 machines, and up to 8 of one offer)");
  check_error(kRent + "--budget 1.2",
              3,
              "model llama-3.1-8b: no mix of price list cloud-2026-11 found that keeps the target "
              "for at most $1.20 per hour; --objective attainment finds the best one");
}

TEST_CASE("a cluster is shared by two models, each with a plan that is valid beside the other") {
  const hexgen::test::TemporaryFolder folder;
  const std::string share =
      "share --cluster hexgen-half --serve llama-2-70b:hexgen-32:0.5 llama-2-13b:hexgen-64:2 "
      "--requests 60 --quiet --population 6 --generations 1 --out-dir ";
  const Finished one = run_program(share + folder / "one" + " --json --threads 1");
  REQUIRE(one.exit_code == 0);
  for (const char* key : {"\"hexgen.share/1\"", "\"equal_memory_score\"", "\"llama-2-13b\""}) {
    CHECK(contains(one.output, key));
  }
  const Finished three = run_program(share + folder / "three" + " --threads 3");
  CHECK(contains(three.output, "equal memory"));
  for (const std::string& plan :
       {std::string("plan-llama-2-70b.json"), std::string("plan-llama-2-13b.json")}) {
    CHECK(hexgen::read_file(folder / ("one/" + plan)) ==
          hexgen::read_file(folder / ("three/" + plan)));
  }
  const std::string large = folder / "one/plan-llama-2-70b.json";
  const std::string small = folder / "one/plan-llama-2-13b.json";
  CHECK(run_program("check " + large + " " + small).exit_code == 0);
  const Finished twice = run_program("check " + large + " " + large);
  CHECK(twice.exit_code == 2);
  CHECK(contains(twice.output, large + ": pipelines[0].stages[0].devices: \""));
  CHECK(contains(twice.output, "\" is used by " + large + " too\n"));
}

TEST_CASE("bad inputs of share end with one line that says what was expected") {
  const auto check_error = [](const std::string& serve, const std::string& line) {
    const Finished finished =
        run_program("share --cluster case-study --out-dir /nowhere --serve " + serve);
    CHECK(finished.exit_code == 2);
    CHECK(finished.output == "hexgen-plan: error: --serve: " + line + "\n");
  };
  check_error("llama-2-7b:hexgen-32",
              "one model, expected two or more (hexgen-plan search plans one)");
  check_error("llama-2-7b llama-2-13b:hexgen-32",
              "'llama-2-7b': expected MODEL:WORKLOAD or MODEL:WORKLOAD:RATE");
  check_error("llama-2-7b:hexgen-32:fast llama-2-13b:hexgen-32",
              "'llama-2-7b:hexgen-32:fast': 'fast' is no number of requests per second above 0");
  check_error("llama-2-7b:hexgen-32:0 llama-2-13b:hexgen-32",
              "'llama-2-7b:hexgen-32:0': '0' is no number of requests per second above 0");
}
