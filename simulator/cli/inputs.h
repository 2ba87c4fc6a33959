#pragma once

#include <memory>
#include <string>
#include <vector>

#include "simulator/arrival_source.h"
#include "simulator/cli/options.h"
#include "simulator/report.h"

namespace hexgen {

/// A plan ready to be played.
struct LoadedPlan {
  PlanInput input;
  PlanFile file;
  ServingSystem system;
};

LoadedPlan load_plan(const std::string& path);

/// Requests and SLO as the options ask for.
struct LoadedRequests {
  std::unique_ptr<ArrivalSource> source;
  std::string description;        // "workload hexgen-128", "trace azure:conv.csv"
  std::vector<PlanInput> inputs;  // a trace is not hashed: it may be too long to read twice
  Slo slo;
};

/// Throws InputError when the options contradict each other or name what is not there.
LoadedRequests load_requests(const RequestOptions& options, std::int64_t seed);

/// `trace` is KIND:FILE. Throws InputError.
TraceSource trace_source(const std::string& trace, const ColumnOptions& columns);

SimulationOptions simulation_options(const EngineOptions& options);

/// Throws InputError unless 0 <= warmup < 1.
MeasurementWindow measurement_window(const RequestOptions& options);

/// "0.5,1,2" or "0.5:4:8" (8 values from 0.5 to 4, evenly spaced), all above 0. `name` is what
/// errors call it. Throws InputError.
std::vector<double> parse_numbers(const std::string& text, const std::string& name);

}  // namespace hexgen
