#include "simulator/cli/inputs.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/names.h"
#include "profiles/trace_rate.h"
#include "profiles/units.h"
#include "profiles/workload_json.h"
#include "simulator/cli/plan_input.h"

namespace hexgen {
namespace {

constexpr int kMostPoints = 10000;

template <typename Value>
Value one_of(const std::string& flag,
             const std::string& text,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == text) {
      return value;
    }
    names.push_back(name);
  }
  throw InputError(flag + ": '" + text + "' is not known, " + advice(text, names));
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
  }
  return parts;
}

/// "poisson", "gamma:0.5", "uniform", "all-at-once"
void set_process(const std::string& text, ArrivalProcess& process) {
  using Kind = ArrivalProcess::Kind;
  const auto parts = split(text, ':');
  process.kind = one_of<Kind>("--arrivals",
                              parts[0],
                              {{"poisson", Kind::kPoisson},
                               {"gamma", Kind::kGamma},
                               {"uniform", Kind::kUniform},
                               {"all-at-once", Kind::kAllAtOnce}});
  const bool gamma = process.kind == Kind::kGamma;
  const auto shape = parts.size() == 2 ? parse_number(parts[1]) : std::nullopt;
  if (parts.size() != (gamma ? 2U : 1U) || (gamma && !(shape && *shape > 0))) {
    throw InputError("--arrivals: '" + text +
                     "', expected poisson, gamma:SHAPE with a shape above 0, uniform or "
                     "all-at-once");
  }
  process.burstiness = shape.value_or(process.burstiness);
}

void check_rate(const RequestOptions& options) {
  if (options.rate_per_s && !(*options.rate_per_s > 0 && std::isfinite(*options.rate_per_s))) {
    throw InputError("--rate: " + std::to_string(*options.rate_per_s) +
                     " is not a finite number above 0; for no gaps give --arrivals all-at-once");
  }
}

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

LoadedRequests load_workload(const RequestOptions& options, std::int64_t seed, const Edits& edits) {
  const InputFile file = load_workload_file(options.workload);
  Workload workload = parse_workload(edited_workload(file, edits));
  ArrivalProcess& process = workload.arrivals;
  if (!options.arrivals.empty()) {
    set_process(options.arrivals, process);
  }
  process.rate_per_s = options.rate_per_s.value_or(process.rate_per_s);
  process.requests = options.num_requests.value_or(process.requests);
  return {.source = generate_arrivals(workload, static_cast<std::uint64_t>(seed)),
          .description = "workload " + file.name,
          .inputs = {plan_input(file)},
          .slo = workload.slo};
}

/// The trace at its own times, at its own times stretched to --rate, or at those of --arrivals.
std::unique_ptr<ArrivalSource> timed_trace(const RequestOptions& options, std::int64_t seed) {
  const TraceSource source = trace_source(options.trace, options.columns);
  if (options.arrivals.empty()) {
    auto trace = open_trace(source);
    if (!trace->notes().has_arrival_times) {
      throw InputError(source.file + ": has no arrival times, expected --arrivals and --rate");
    }
    return trace_arrivals(options.rate_per_s ? open_trace_at_rate(source, *options.rate_per_s)
                                             : std::move(trace));
  }
  ArrivalProcess process;
  set_process(options.arrivals, process);
  if (!options.rate_per_s && process.kind != ArrivalProcess::Kind::kAllAtOnce) {
    throw InputError("--arrivals " + options.arrivals + ": needs --rate with a trace");
  }
  process.rate_per_s = options.rate_per_s.value_or(1.0);
  return with_arrival_times(
      trace_arrivals(open_trace(source)), process, static_cast<std::uint64_t>(seed));
}

LoadedRequests load_trace(const RequestOptions& options, std::int64_t seed) {
  LoadedRequests loaded = {.source = timed_trace(options, seed),
                           .description = "trace " + options.trace};
  if (options.num_requests) {
    loaded.source = first_arrivals(std::move(loaded.source), *options.num_requests);
  }
  return loaded;
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

TraceSource trace_source(const std::string& trace, const ColumnOptions& columns) {
  TraceSource source = parse_trace_argument(trace);
  source.columns = {.timestamp = columns.timestamp,
                    .prompt_tokens = columns.prompt_tokens,
                    .output_tokens = columns.output_tokens,
                    .time_unit = one_of<TimeUnit>("--csv-time-unit",
                                                  columns.time_unit,
                                                  {{"s", TimeUnit::kSeconds},
                                                   {"ms", TimeUnit::kMilliseconds},
                                                   {"us", TimeUnit::kMicroseconds},
                                                   {"ns", TimeUnit::kNanoseconds}})};
  return source;
}

LoadedRequests load_requests(const RequestOptions& options, std::int64_t seed, const Edits& edits) {
  check_rate(options);
  if (options.workload.empty() == options.trace.empty()) {
    throw InputError("expected either --workload or --trace");
  }
  if (options.workload.empty() && edits.any_of("workload")) {
    throw InputError("--set workload: there is none with --trace, whose limits are those of --slo");
  }
  LoadedRequests loaded =
      options.trace.empty() ? load_workload(options, seed, edits) : load_trace(options, seed);
  if (!options.slo.empty()) {
    loaded.slo = parse_slo(options.slo, loaded.slo);
  }
  return loaded;
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

MeasurementWindow measurement_window(const RequestOptions& options) {
  if (!(options.warmup >= 0 && options.warmup < 1)) {
    throw InputError("--warmup: " + std::to_string(options.warmup) + " is not in [0, 1)");
  }
  return {.warmup_share = options.warmup};
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
