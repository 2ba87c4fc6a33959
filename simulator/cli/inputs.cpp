#include "simulator/cli/inputs.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/option_values.h"
#include "profiles/units.h"
#include "profiles/workload_json.h"
#include "simulator/cli/plan_input.h"

namespace hexgen {
namespace {

constexpr int kMostPoints = 10000;

/// The file with the edits made, which are judged when it is read.
InputFile edited_workload(InputFile file, const Edits& edits) {
  if (edits.any_of("workload")) {
    parse_workload(file);
    nlohmann::json document = nlohmann::json::parse(file.text);
    edits.apply("workload", document);
    file.text = document.dump();
    file.label += " with --set";
  }
  return file;
}

SimTime overhead_ns(const std::string& flag, double microseconds) {
  if (!(microseconds >= 0 && microseconds <= 1e9)) {
    throw InputError(flag + ": " + std::to_string(microseconds) + " is not in [0, 1e9]");
  }
  return to_sim_time(microseconds * kMicro);
}

void edit_engine(const Edits& edits, EngineOptions& options) {
  if (!edits.any_of("engine")) {
    return;
  }
  nlohmann::json document = {{"policy", options.policy},
                             {"router", options.router},
                             {"max_batched_tokens", options.max_batched_tokens},
                             {"kv_block_tokens", options.kv_block_tokens},
                             {"kv_watermark", options.kv_watermark},
                             {"async_scheduling", options.async_scheduling},
                             {"reuse_preempted_kv", options.reuse_preempted_kv},
                             {"step_overhead_us", options.step_overhead_us},
                             {"sequence_overhead_us", options.sequence_overhead_us}};
  std::vector<std::string> keys;
  for (const auto& [key, value] : document.items()) {
    keys.push_back(key);
  }
  edits.apply("engine", document);
  const JsonReader engine(document, "--set", "engine");
  engine.allow_only(keys);
  constexpr std::int64_t kMostTokens = 1'000'000'000'000;
  constexpr double kLongestOverhead_us = 1e9;
  options.policy = engine.at("policy").string();
  options.router = engine.at("router").string();
  options.max_batched_tokens = engine.at("max_batched_tokens").integer(1, kMostTokens);
  options.kv_block_tokens = engine.at("kv_block_tokens").integer(1, kMostTokens);
  options.kv_watermark = engine.at("kv_watermark").number(0, 1);
  options.async_scheduling = engine.at("async_scheduling").boolean();
  options.reuse_preempted_kv = engine.at("reuse_preempted_kv").boolean();
  options.step_overhead_us = engine.at("step_overhead_us").number(0, kLongestOverhead_us);
  options.sequence_overhead_us = engine.at("sequence_overhead_us").number(0, kLongestOverhead_us);
}

}  // namespace

LoadedRequests load_requests(const RequestOptions& options, std::int64_t seed, const Edits& edits) {
  if (options.workload.empty() && edits.any_of("workload")) {
    throw InputError("--set workload: there is none with --trace, whose limits are those of --slo");
  }
  return load_requests(
      options, seed, [&](InputFile file) { return edited_workload(std::move(file), edits); });
}

Edits parse_edits(const WhatIf& what_if) {
  return {what_if.set, {"cluster", "pipelines", "workload", "engine"}};
}

SimulationOptions simulation_options(EngineOptions options,
                                     const WhatIf& what_if,
                                     const Edits& edits) {
  edit_engine(edits, options);
  return {.policy = one_of<BatchPolicyKind>("--policy",
                                            options.policy,
                                            {{"continuous", BatchPolicyKind::kContinuous},
                                             {"one-batch", BatchPolicyKind::kOneBatch}}),
          .router = one_of<RouterKind>("--router",
                                       options.router,
                                       {{"plan", RouterKind::kPlanWeights},
                                        {"least-work", RouterKind::kLeastWork},
                                        {"round-robin", RouterKind::kRoundRobin},
                                        {"shortest-completion", RouterKind::kShortestCompletion}}),
          .max_batched_tokens = options.max_batched_tokens,
          .kv_block_tokens = options.kv_block_tokens,
          .kv_watermark = options.kv_watermark,
          .async_scheduling = options.async_scheduling,
          .reuse_preempted_kv = options.reuse_preempted_kv,
          .overhead = {.step_ns = overhead_ns("--step-overhead-us", options.step_overhead_us),
                       .sequence_ns =
                           overhead_ns("--sequence-overhead-us", options.sequence_overhead_us)},
          .until = horizon(what_if)};
}

std::vector<double> parse_numbers(const std::string& text, const std::string& name) {
  const bool range = text.find(':') != std::string::npos;
  std::vector<double> numbers;
  for (const std::string& part : split(text, range ? ':' : ',')) {
    const auto number = parse_number(part);
    if (!number || !(*number > 0)) {
      throw InputError(name + ": '" + part + "' is not a number above 0, expected A:B:N or a,b,c");
    }
    numbers.push_back(*number);
  }
  if (!range) {
    return numbers;
  }
  const double count = numbers.size() == 3 ? numbers[2] : 0;
  if (count < 1 || count > kMostPoints || count != std::floor(count)) {
    throw InputError(name + ": '" + text + "' is not A:B:N with a whole N from 1 to " +
                     std::to_string(kMostPoints));
  }
  std::vector<double> points;
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const double share = count > 1 ? i / (count - 1) : 0;
    points.push_back(numbers[0] + share * (numbers[1] - numbers[0]));
  }
  return points;
}

}  // namespace hexgen
