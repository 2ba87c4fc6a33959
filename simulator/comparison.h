#pragma once

#include <string>
#include <vector>

#include "simulator/simulation.h"

namespace hexgen {

/// Request by request, how the same arrivals fared under another plan.
struct PairedDifference {
  std::int64_t pairs = 0;   // requests that both completed
  double mean_s = 0;        // other minus baseline: below 0, the other is faster
  double half_width_s = 0;  // of the 95 % confidence interval, by means of 20 batches in a row
  double faster_share = 0;  // of the pairs, the other being strictly faster
};

/// Differences of the E2E latency from `first_request` on. Both results are of the same arrivals.
PairedDifference compare_e2e(const SimulationResult& baseline,
                             const SimulationResult& other,
                             std::size_t first_request);

}  // namespace hexgen
