#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost_models/plan_json.h"
#include "simulator/metrics.h"
#include "simulator/time_series.h"
#include "simulator/what_if.h"

namespace hexgen {

/// What a result was made from: with equal values the result is equal to the last byte.
struct RunSetup {
  std::int64_t seed = 1;
  std::vector<PlanInput> inputs;
  std::string arrivals;   // "workload hexgen-128" or "trace azure:conv.csv"
  double rate_per_s = 0;  // mean rate of the arrivals; 0: all at once
  SimulationOptions options;
  WhatIf what_if;
};

/// A run with all that its report says.
struct RunReport {
  RunSetup setup;
  const ServingSystem& system;
  const Metrics& metrics;
  const Slo& slo;
  const TimeSeries& series;
};

std::string name_of(BatchPolicyKind policy);
std::string name_of(RouterKind router);

/// Where the stage's times come from: "measured" tables of layers, the cost model with
/// measured "operators", or the cost "model".
std::string source_of_times(const ReplicaModel& replica, std::size_t stage);

/// "TTFT <= 2000 ms, E2E <= 5 x reference"; "none".
std::string describe(const Slo& slo);

}  // namespace hexgen
