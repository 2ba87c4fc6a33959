#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cost_models/plan_json.h"
#include "cost_models/request_metrics.h"
#include "profiles/arrival_source.h"
#include "profiles/input_file.h"

// The options of hexgen-sim and hexgen-run that say which requests are to be served.
namespace hexgen {

/// Columns of a trace of kind csv.
struct ColumnOptions {
  std::string timestamp = "timestamp";
  std::string prompt_tokens = "prompt_tokens";
  std::string output_tokens = "output_tokens";
  std::string time_unit = "s";
};

/// Which requests, and how well they are to be served.
struct RequestOptions {
  std::string workload;  // file or built-in name; this or the trace
  std::string trace;     // KIND:FILE
  ColumnOptions columns;
  std::string arrivals;  // process in place of the workload's or trace's own times
  std::optional<double> rate_per_s;
  std::optional<std::int64_t> num_requests;
  std::vector<std::string> slo;
  double warmup = 0.1;
};

/// Requests and SLO as the options ask for.
struct LoadedRequests {
  std::unique_ptr<ArrivalSource> source;
  std::string description;        // "workload hexgen-128", "trace azure:conv.csv"
  std::vector<PlanInput> inputs;  // a trace is not hashed: it may be too long to read twice
  Slo slo;
};

/// `edit` changes the workload's file before it is read; options override it. Throws InputError
/// when the options contradict each other or name what is not there.
LoadedRequests load_requests(const RequestOptions& options,
                             std::int64_t seed,
                             const std::function<InputFile(InputFile)>& edit = {});

/// `trace` is KIND:FILE. Throws InputError.
TraceSource trace_source(const std::string& trace, const ColumnOptions& columns);

/// Throws InputError unless 0 <= warmup < 1.
MeasurementWindow measurement_window(const RequestOptions& options);

}  // namespace hexgen
