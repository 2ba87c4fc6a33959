#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <numeric>
#include <sstream>

#include "cost_models/statistics.h"
#include "profiles/catalogue.h"
#include "profiles/file.h"
#include "profiles/import_llmservingsim.h"
#include "profiles/json_reader.h"
#include "profiles/model_config.h"
#include "tests/simulator/systems.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

namespace fs = std::filesystem;

/// A run of vLLM 0.19 with the layer profile of its GPU (casys-kaist/LLMServingSim, MIT licence).
const fs::path kRun =
    fs::path(HEXGEN_MEASUREMENTS_DIR) / "measured/llmservingsim_rtxpro6000_llama-3.1-8b_tp1";

bool run_missing() {
  if (!fs::exists(kRun)) {
    MESSAGE("skipped: no " << kRun.string());
  }
  return !fs::exists(kRun);
}

/// Latencies of a run in s, each ascending.
struct Latencies {
  std::vector<double> ttft;
  std::vector<double> tpot;
  std::vector<double> e2e;
  double end_s = 0;  // last token, from the first arrival
};

void sort(Latencies& latencies) {
  for (auto* values : {&latencies.ttft, &latencies.tpot, &latencies.e2e}) {
    std::sort(values->begin(), values->end());
  }
}

/// Counted from when the engine queued a request, as the authors of the run do.
Latencies measured_latencies() {
  Latencies latencies;
  double start_s = 0;
  std::istringstream lines(read_file((kRun / "requests.jsonl").string()));
  for (std::string line; std::getline(lines, line);) {
    const JsonDocument document = JsonDocument::parse(line, "requests.jsonl");
    const auto at = [&](const char* key) { return document.root().at(key).number(0, 1e12); };
    const double queued = at("queued_ts");
    const double first = at("first_token_ts");
    const double last = at("last_token_ts");
    start_s = latencies.ttft.empty() ? queued : start_s;
    latencies.ttft.push_back(first - queued);
    latencies.tpot.push_back((last - first) / (at("output_toks") - 1));
    latencies.e2e.push_back(last - queued);
    latencies.end_s = std::max(latencies.end_s, last - start_s);
  }
  sort(latencies);
  return latencies;
}

/// One GPU that serves as the run's engine was set up. Its KV cache never filled, so any room that
/// holds the run's requests gives the same result.
ServingSystem run_system(const LayerProfile& profile, int max_num_seqs) {
  const ModelSpec model = read_model("llama-3.1-8b");
  const Cluster cluster = one_node_cluster(Catalogue::builtin(), "RTX-PRO-6000", 1);
  const Plan plan({{.name = "vllm",
                    .max_batch = max_num_seqs,
                    .kv_capacity_tokens = 500'000,
                    .stages = {{.num_layers = model.num_layers, .devices = {0}}}}},
                  model.num_layers,
                  cluster.num_devices());
  ServingSystem system = make_serving_system(plan, model, cluster);
  REQUIRE(use_profile(profile, plan, model, cluster, system) == 1);
  return system;
}

LayerProfile run_profile() {
  return import_llmservingsim(kRun.string(), {.gpu_type = "RTX-PRO-6000", .model = "llama-3.1-8b"});
}

Latencies simulated_latencies(const LayerProfile& profile) {
  const JsonDocument meta =
      JsonDocument::parse(read_file((kRun / "meta.json").string()), "meta.json");
  const JsonReader engine = meta.root().at("engine_kwargs");
  SimulationOptions options;
  options.max_batched_tokens = engine.at("max_num_batched_tokens").integer(1, 1 << 20);
  options.kv_watermark = 0;         // vLLM's engine version 1 has none
  options.async_scheduling = true;  // its default, like the prefix cache
  options.reuse_preempted_kv = true;
  const auto trace = trace_arrivals(
      open_trace({.kind = TraceKind::kLlmServingSim, .file = (kRun / "requests.jsonl").string()}));
  const SimulationResult result = simulate(
      run_system(profile, engine.at("max_num_seqs").small_integer(1, 1 << 20)), *trace, options);
  CHECK(result.preemptions == 0);
  Latencies latencies = {.end_s = result.end_s - result.requests.front().arrival_s()};
  for (const RequestOutcome& request : result.requests) {
    latencies.ttft.push_back(request.ttft_s());
    latencies.tpot.push_back(request.tpot_s());
    latencies.e2e.push_back(request.e2e_s());
  }
  sort(latencies);
  return latencies;
}

/// (simulated - measured) / measured, in percent.
struct Errors {
  double mean = 0;
  double median = 0;
  double p90 = 0;
  double p99 = 0;
};

Errors errors(const std::vector<double>& simulated, const std::vector<double>& measured) {
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const auto at = [&](double share) {
    return 100 * (nearest_rank(simulated, share) / nearest_rank(measured, share) - 1);
  };
  return {100 * (mean(simulated) / mean(measured) - 1), at(0.5), at(0.9), at(0.99)};
}

struct ErrorTable {
  Errors ttft;
  Errors tpot;
  Errors e2e;
  double throughput = 0;  // of output tokens, equal to that of requests
};

ErrorTable compare(const Latencies& simulated, const Latencies& measured) {
  return {errors(simulated.ttft, measured.ttft),
          errors(simulated.tpot, measured.tpot),
          errors(simulated.e2e, measured.e2e),
          100 * (measured.end_s / simulated.end_s - 1)};
}

std::string row(const std::string& name, const Errors& errors) {
  std::ostringstream text;
  text << std::showpos << std::fixed << std::setprecision(2) << "\n  " << name;
  for (const double error : {errors.mean, errors.median, errors.p90, errors.p99}) {
    text << std::setw(9) << error;
  }
  return text.str();
}

std::string to_text(const ErrorTable& table) {
  std::ostringstream text;
  text << std::showpos << std::fixed << std::setprecision(2)
       << "error, %      mean   median      p90      p99" << row("TTFT ", table.ttft)
       << row("TPOT ", table.tpot) << row("E2E  ", table.e2e) << "\n  output tokens/s "
       << table.throughput;
  return text.str();
}

ErrorTable replay(const LayerProfile& profile, const std::string& what) {
  const ErrorTable table = compare(simulated_latencies(profile), measured_latencies());
  MESSAGE(what << ": " << to_text(table));
  return table;
}

}  // namespace

TEST_CASE("the replay of a measured vLLM run from its GPU's layer profile meets the run") {
  if (run_missing()) {
    return;
  }
  const ErrorTable table = replay(run_profile(), "as measured");
  CHECK(std::abs(table.tpot.mean) <= 1);
  CHECK(std::abs(table.e2e.mean) <= 1);
  CHECK(std::abs(table.ttft.mean) <= 2.5);
  CHECK(std::abs(table.tpot.p99) <= 3);
  CHECK(std::abs(table.e2e.p99) <= 2);
  CHECK(std::abs(table.ttft.p99) <= 3);
  CHECK(std::abs(table.throughput) <= 1.5);
}

TEST_CASE("each part of the layer profile matters in the replay") {
  if (run_missing()) {
    return;
  }
  // Decode steps of unlike contexts: attention takes longer than at their mean.
  LayerProfile without_skew = run_profile();
  without_skew.skew.clear();
  CHECK(replay(without_skew, "without skew").e2e.mean < -3);

  LayerProfile without_sampler = run_profile();
  without_sampler.sampler = {{.rows = 1, .time_s = 1e-12}};
  CHECK(replay(without_sampler, "without sampler").e2e.mean < -0.2);

  LayerProfile without_head = run_profile();
  without_head.lm_head = {{.rows = 1, .time_s = 1e-12}};
  CHECK(replay(without_head, "without LM head").e2e.mean < -2);
}
