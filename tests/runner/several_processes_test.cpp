#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "profiles/file.h"
#include "tests/runner/comm/processes.h"
#include "tests/runner/run_program.h"
#include "tests/support/temporary_folder.h"

using hexgen::test::contains;
using hexgen::test::free_address;
using hexgen::test::Outcome;
using hexgen::test::run;

namespace {

// Of 6 layers: "two" has a stage whose two devices are on two hosts, "three" one of TP 3.
const std::string kModel =
    "generate --backend cpu --model tests/data/tiny-llama --max-new-tokens 40 "
    "--prompt 'She walked to the window, and' ";
const std::string kPlan = "--plan tests/data/plan/several_hosts.json --pipeline ";

/// arguments[k] of process k, besides where they meet.
std::vector<Outcome> run_together(const std::vector<std::string>& arguments) {
  const std::string meeting = " --rendezvous " + free_address().text() + " --node ";
  const std::string count = "/" + std::to_string(arguments.size());
  std::vector<Outcome> outcomes(arguments.size());
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    threads.emplace_back(
        [&, k] { outcomes[k] = run(arguments[k] + meeting + std::to_string(k) + count); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return outcomes;
}

}  // namespace

TEST_CASE("one, two and three processes write what one device writes, and process 0 alone writes") {
  const Outcome alone = run(kModel);
  REQUIRE(alone.exit_code == 0);
  REQUIRE(alone.output.size() > 40);
  CHECK(run(kModel + kPlan + "two").output == alone.output);
  CHECK(run(kModel + kPlan + "three").output == alone.output);
  for (const auto& [pipeline, count] : {std::pair{"two", 2}, std::pair{"three", 3}}) {
    const std::vector<std::string> arguments(static_cast<std::size_t>(count),
                                             kModel + kPlan + pipeline);
    const std::vector<Outcome> outcomes = run_together(arguments);
    CHECK(outcomes[0].output == alone.output);
    for (const Outcome& outcome : outcomes) {
      CHECK(outcome.exit_code == 0);
    }
    CHECK(outcomes[1].output.empty());
  }
}

TEST_CASE("two processes measure their pipeline together, and process 0 alone writes the report") {
  const hexgen::test::TemporaryFolder folder;
  const std::string bench =
      "bench --backend cpu --model tests/data/tiny-llama --batch 1,2 --prompt-tokens 8 "
      "--output-tokens 4 --iters 1 --prefill-chunk 5 " +
      kPlan + "two";
  const std::vector<Outcome> outcomes = run_together(
      {bench + " --out " + (folder / "run.json"), bench + " --out " + (folder / "other.json")});
  CHECK(outcomes[0].exit_code == 0);
  CHECK(outcomes[1].exit_code == 0);
  const nlohmann::json report = nlohmann::json::parse(hexgen::read_file(folder / "run.json"));
  CHECK(report.at("prefill_chunk_tokens") == 5);
  CHECK(report.at("results").at(0).at("prefill_ms").at("median").get<double>() > 0);
  CHECK(report.at("results").at(1).at("batch") == 2);
  CHECK_FALSE(std::filesystem::exists(folder / "other.json"));
}

TEST_CASE("two processes replay the share of their pipeline, and process 0 alone writes") {
  const hexgen::test::TemporaryFolder folder;
  const std::string replay =
      "replay --backend cpu --model tests/data/tiny-llama --workload hexgen-32 --num-requests 8 "
      "--rate 40 --slo ttft:1000 " +
      kPlan + "two";
  const std::vector<Outcome> outcomes = run_together(
      {replay + " --out " + (folder / "run.json"), replay + " --out " + (folder / "other.json")});
  CHECK_MESSAGE(outcomes[0].exit_code == 0, outcomes[0].output);
  CHECK(outcomes[1].exit_code == 0);
  const nlohmann::json report = nlohmann::json::parse(hexgen::read_file(folder / "run.json"));
  // Of 8 requests, the two pipelines of equal weight take 4 each.
  CHECK(report.at("completed") == 4);
  CHECK(report.at("pipelines").at(0).at("name") == "two");
  CHECK_FALSE(std::filesystem::exists(folder / "other.json"));
}

TEST_CASE("processes that were started with different options exit 2 and say what differs") {
  const std::vector<Outcome> limits =
      run_together({kModel + kPlan + "two", kModel + kPlan + "two --prefill-chunk 7"});
  for (const Outcome& outcome : limits) {
    CHECK(outcome.exit_code == 2);
    CHECK(
        contains(outcome.output, "node a (process 1) and node b (process 0) differ in the limits"));
    CHECK(contains(outcome.output, "7 tokens a batch"));
  }
}

TEST_CASE("who does not come is named, with exit code 4") {
  const Outcome outcome = run(kModel + kPlan + "three --node 0/3 --rendezvous-timeout 0.2 " +
                              "--rendezvous " + free_address().text());
  CHECK(outcome.exit_code == 4);
  CHECK(contains(outcome.output, "within 200 ms: node b (process 1), node c (process 2)"));
}

TEST_CASE("a launch that does not fit the plan is refused") {
  const std::string place = " --node 0/2 --rendezvous " + free_address().text();
  CHECK(contains(run(kModel + kPlan + "three" + place).output,
                 "needs one process for each of its 3 nodes (a, b, c) or one for all, not 2"));
  const Outcome all = run(kModel + "--plan tests/data/plan/several_hosts.json" + place);
  CHECK(all.exit_code == 2);
  CHECK(contains(all.output, "the plan has 2 pipelines, several processes run one"));
  CHECK(contains(run(kModel + kPlan + "tow").output, "no pipeline 'tow', did you mean 'two'?"));
}
