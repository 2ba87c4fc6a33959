#pragma once

#include <memory>
#include <string>
#include <vector>

#include "simulator/arrival_source.h"
#include "simulator/cli/edits.h"
#include "simulator/cli/options.h"
#include "simulator/report.h"

namespace hexgen {

/// Requests and SLO as the options ask for.
struct LoadedRequests {
  std::unique_ptr<ArrivalSource> source;
  std::string description;        // "workload hexgen-128", "trace azure:conv.csv"
  std::vector<PlanInput> inputs;  // a trace is not hashed: it may be too long to read twice
  Slo slo;
};

/// With the edits of "workload", which options override. Throws InputError when the options
/// contradict each other or name what is not there.
LoadedRequests load_requests(const RequestOptions& options, std::int64_t seed, const Edits& edits);

/// `trace` is KIND:FILE. Throws InputError.
TraceSource trace_source(const std::string& trace, const ColumnOptions& columns);

/// The edits of --set.
Edits parse_edits(const WhatIf& what_if);

/// With the edits of "engine", which override the options, and the horizon. Throws InputError.
SimulationOptions simulation_options(EngineOptions options,
                                     const WhatIf& what_if,
                                     const Edits& edits);

/// Throws InputError unless 0 <= warmup < 1.
MeasurementWindow measurement_window(const RequestOptions& options);

/// "0.5,1,2" or "0.5:4:8" (8 values from 0.5 to 4, evenly spaced), all above 0. `name` is what
/// errors call it. Throws InputError.
std::vector<double> parse_numbers(const std::string& text, const std::string& name);

}  // namespace hexgen
