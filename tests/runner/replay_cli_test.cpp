#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "profiles/file.h"
#include "tests/runner/run_program.h"
#include "tests/support/temporary_folder.h"

using hexgen::read_file;
using hexgen::test::contains;
using hexgen::test::Outcome;
using hexgen::test::run;
using hexgen::test::TemporaryFolder;
using nlohmann::json;

namespace {

constexpr const char* kWorkload =
    R"({"format": "hexgen.workload/1",
        "arrivals": {"process": "poisson", "rate_per_s": 100, "requests": 20},
        "prompt_tokens": {"distribution": "uniform", "min": 1, "max": 30},
        "output_tokens": {"distribution": "uniform", "min": 1, "max": 9}})";
const std::string kPlan = " --plan tests/data/plan/two_pipelines.json";
const std::string kReplay = "replay --backend cpu --random-weights" + kPlan;

std::vector<json> lines_of(const std::string& file) {
  std::istringstream text(read_file(file));
  std::vector<json> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(json::parse(line));
  }
  return lines;
}

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.insert(key);
  }
  return keys;
}

/// Of a report of hexgen-sim, what only a simulation has.
const std::set<std::string> kSimulated = {"policy",
                                          "router",
                                          "kv_block_tokens",
                                          "kv_watermark",
                                          "async_scheduling",
                                          "reuse_preempted_kv",
                                          "step_overhead_us",
                                          "sequence_overhead_us",
                                          "what_if",
                                          "preemptions",
                                          "iterations",
                                          "simulated_s",
                                          "price_per_hour",
                                          "price_per_million_output_tokens",
                                          "time_series"};

}  // namespace

TEST_CASE("a replay serves the requests that hexgen-sim plays, on the same pipelines") {
  const TemporaryFolder folder;
  hexgen::write_file(folder / "workload.json", kWorkload);
  const std::string options = " --workload " + (folder / "workload.json") +
                              " --seed 3 --rate 200 --slo ttft:100000 tpot:1e-6 --warmup 0";
  const Outcome simulated =
      hexgen::test::run_shell(std::string(HEXGEN_SIM) + " run" + kPlan + options + " --out " +
                              (folder / "sim.json") + " --requests " + (folder / "sim.jsonl"));
  REQUIRE_MESSAGE(simulated.exit_code == 0, simulated.output);
  const Outcome replayed = run(kReplay + options + " --out " + (folder / "run.json") +
                               " --requests " + (folder / "run.jsonl"));
  REQUIRE_MESSAGE(replayed.exit_code == 0, replayed.output);

  const std::vector<json> expected = lines_of(folder / "sim.jsonl");
  const std::vector<json> lines = lines_of(folder / "run.jsonl");
  REQUIRE(expected.size() == 20);
  REQUIRE(lines.size() == 20);
  double met = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(keys_of(lines[i]) == keys_of(expected[i]));
    for (const char* key :
         {"request", "state", "arrival_s", "prompt_tokens", "output_tokens", "pipeline"}) {
      CAPTURE(key);
      CHECK(lines[i].at(key) == expected[i].at(key));
    }
    CHECK(lines[i].at("ttft_ms").get<double>() > 0);
    CHECK(lines[i].at("e2el_ms").get<double>() >= lines[i].at("ttft_ms").get<double>());
    met += lines[i].at("output_tokens") == 1 ? 1 : 0;  // only those have no TPOT
  }

  const json report = json::parse(read_file(folder / "run.json"));
  const json simulation = json::parse(read_file(folder / "sim.json"));
  for (const std::string& key : keys_of(simulation)) {
    CAPTURE(key);
    CHECK(report.contains(key) != (kSimulated.count(key) > 0));
  }
  CHECK(report.at("completed") == 20);
  CHECK(report.at("slo") == simulation.at("slo"));
  CHECK(report.at("total_output_tokens") == simulation.at("total_output_tokens"));
  CHECK(report.at("request_rate") == simulation.at("request_rate"));
  CHECK(report.at("slo_attainment").get<double>() == doctest::Approx(met / 20.0));
  const json schema = json::parse(read_file("profiles/schema/replay.schema.json"));
  CHECK(keys_of(report) == keys_of(schema.at("properties")));
}

TEST_CASE("the replays of a plan's pipelines, one by one, are that of the plan") {
  const TemporaryFolder folder;
  hexgen::write_file(folder / "workload.json", kWorkload);
  std::set<std::size_t> seen;
  for (const std::string pipeline : {"p0", "p1"}) {
    const Outcome outcome = run(kReplay + " --pipeline " + pipeline + " --workload " +
                                (folder / "workload.json") + " --rate 1000 --requests " +
                                (folder / "run.jsonl") + " --out " + (folder / "run.json"));
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.output);
    for (const json& line : lines_of(folder / "run.jsonl")) {
      CHECK(line.at("pipeline") == pipeline);
      CHECK(seen.insert(line.at("request").get<std::size_t>()).second);
    }
  }
  CHECK(seen.size() == 20);
}

TEST_CASE("a replay rejects what no KV cache holds and serves the rest of a trace") {
  const TemporaryFolder folder;
  // Both pipelines hold at most 100000 tokens.
  hexgen::write_file(folder / "trace.csv",
                     "timestamp,prompt_tokens,output_tokens\n"
                     "0,3,4\n"
                     "0.01,5,200000\n"
                     "0.02,3,1\n");
  const Outcome outcome =
      run(kReplay + " --trace csv:" + (folder / "trace.csv") + " --warmup 0 --requests " +
          (folder / "run.jsonl") + " --out " + (folder / "run.json"));
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.output);
  const std::vector<json> lines = lines_of(folder / "run.jsonl");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].at("state") == "completed");
  CHECK(lines[1].at("state") == "rejected");
  CHECK_FALSE(lines[1].contains("ttft_ms"));
  CHECK(lines[2].at("state") == "completed");
  const json report = json::parse(read_file(folder / "run.json"));
  CHECK(report.at("rejected") == 1);
  CHECK(report.at("slo_attainment").get<double>() == doctest::Approx(2.0 / 3));
}

TEST_CASE("hexgen-run replay refuses bad input with exit code 2 and a line that says why") {
  const TemporaryFolder folder;
  hexgen::write_file(folder / "trace.csv",
                     "timestamp,prompt_tokens,output_tokens\n0,3,4\n0.5,3,none\n");
  const std::pair<std::string, std::string> all[] = {
      {"", "expected either --workload or --trace"},
      {"--workload hexgen-128 --rate 0", "--rate: 0"},
      {"--workload hexgen-182", "hexgen-128"},
      {"--workload hexgen-128 --slo ttfd:3", "ttfd"},
      {"--workload hexgen-128 --warmup 1", "--warmup: 1"},
      {"--workload hexgen-128 --pipeline p2", "no pipeline 'p2'"},
      {"--workload hexgen-128 --slo ttft:1 --out " + (folder / "no/run.json"), "no/run.json"},
      {"--trace csb:x.csv", "csb"},
      {"--trace csv:" + (folder / "trace.csv"), "trace.csv:3: output_tokens"},
  };
  for (const auto& [arguments, error] : all) {
    CAPTURE(arguments);
    const Outcome outcome = run(kReplay + " " + arguments);
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(contains(outcome.output, error), outcome.output);
  }
}
