#include "simulator/latency_curves.h"

#include <algorithm>

namespace hexgen {

Quantiles quantiles(std::vector<double> samples) {
  Quantiles values;
  if (!samples.empty()) {
    std::sort(samples.begin(), samples.end());
    for (int i = 0; i <= kQuantileSteps; ++i) {
      values.push_back(nearest_rank(samples, static_cast<double>(i) / kQuantileSteps));
    }
  }
  return values;
}

LatencyCurves latency_curves(const SimulationResult& result,
                             const ServiceLevel& level,
                             const MeasurementWindow& window) {
  std::vector<double> ttft_s;
  std::vector<double> tpot_s;
  std::vector<double> e2e_s;
  std::vector<double> factors;
  for (std::size_t i = window.first_request(result.requests.size()); i < result.requests.size();
       ++i) {
    const RequestOutcome& request = result.requests[i];
    if (level.has_limits()) {
      factors.push_back(level.limit_factor(request));
    }
    if (!request.completed()) {
      continue;
    }
    ttft_s.push_back(request.ttft_s());
    e2e_s.push_back(request.e2e_s());
    if (request.output_tokens > 1) {
      tpot_s.push_back(request.tpot_s());
    }
  }
  return {.ttft_s = quantiles(std::move(ttft_s)),
          .tpot_s = quantiles(std::move(tpot_s)),
          .e2e_s = quantiles(std::move(e2e_s)),
          .limit_factor = quantiles(std::move(factors))};
}

}  // namespace hexgen
