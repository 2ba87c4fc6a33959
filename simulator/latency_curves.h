#pragma once

#include <vector>

#include "simulator/metrics.h"

namespace hexgen {

/// The distribution of a sample in few numbers: element i is the value that a share
/// i / (size - 1) of the sample does not exceed (nearest rank; the first one is the minimum).
/// Empty for an empty sample. Infinite for requests that never will.
using Quantiles = std::vector<double>;

inline constexpr int kQuantileSteps = 500;

Quantiles quantiles(std::vector<double> samples);

/// What charts show of the latencies of the window's completed requests.
struct LatencyCurves {
  Quantiles ttft_s;
  Quantiles tpot_s;  // without requests of one output token
  Quantiles e2e_s;
  Quantiles
      limit_factor;  // of all requests; see ServiceLevel::limit_factor(); empty without limits
};

LatencyCurves latency_curves(const SimulationResult& result,
                             const ServiceLevel& level,
                             const MeasurementWindow& window = {});

}  // namespace hexgen
