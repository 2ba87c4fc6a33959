#include "cost_models/request_options.h"

#include <cmath>

#include "profiles/errors.h"
#include "profiles/option_values.h"
#include "profiles/trace_rate.h"
#include "profiles/workload_json.h"

namespace hexgen {
namespace {

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
  const double shape = parts.size() == 2 ? parse_number(parts[1]).value_or(0) : 0;
  if (parts.size() != (gamma ? 2U : 1U) || (gamma && !(shape > 0))) {
    throw InputError("--arrivals: '" + text +
                     "', expected poisson, gamma:SHAPE with a shape above 0, uniform or "
                     "all-at-once");
  }
  if (gamma) {
    process.burstiness = shape;
  }
}

void check_rate(const RequestOptions& options) {
  if (options.rate_per_s && !(*options.rate_per_s > 0 && std::isfinite(*options.rate_per_s))) {
    throw InputError("--rate: " + std::to_string(*options.rate_per_s) +
                     " is not a finite number above 0; for no gaps give --arrivals all-at-once");
  }
}

LoadedRequests load_workload(const RequestOptions& options,
                             std::int64_t seed,
                             const std::function<InputFile(InputFile)>& edit) {
  const InputFile file = load_workload_file(options.workload);
  Workload workload = parse_workload(edit ? edit(file) : file);
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

LoadedRequests load_requests(const RequestOptions& options,
                             std::int64_t seed,
                             const std::function<InputFile(InputFile)>& edit) {
  check_rate(options);
  if (options.workload.empty() == options.trace.empty()) {
    throw InputError("expected either --workload or --trace");
  }
  LoadedRequests loaded =
      options.trace.empty() ? load_workload(options, seed, edit) : load_trace(options, seed);
  if (!options.slo.empty()) {
    loaded.slo = parse_slo(options.slo, loaded.slo);
  }
  return loaded;
}

MeasurementWindow measurement_window(const RequestOptions& options) {
  if (!(options.warmup >= 0 && options.warmup < 1)) {
    throw InputError("--warmup: " + std::to_string(options.warmup) + " is not in [0, 1)");
  }
  return {.warmup_share = options.warmup};
}

}  // namespace hexgen
