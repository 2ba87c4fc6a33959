#include "simulator/metrics.h"

#include "profiles/units.h"

namespace hexgen {
namespace {

double per(double amount, double divisor) {
  return divisor > 0 ? amount / divisor : 0;
}

std::vector<std::string> names_of_replicas(const ServingSystem& system) {
  std::vector<std::string> names;
  for (const ReplicaModel& replica : system.replicas) {
    names.push_back(replica.name);
  }
  return names;
}

}  // namespace

std::vector<std::string> saturated_replicas(const ServingSystem& system,
                                            const SimulationResult& result,
                                            const MeasurementWindow& window) {
  return saturated_replicas(names_of_replicas(system), result.requests, window);
}

Metrics measure(const ServingSystem& system,
                const SimulationResult& result,
                const ServiceLevel& level,
                const MeasurementWindow& window) {
  Metrics metrics = {
      measure_requests(names_of_replicas(system), result.requests, result.end_s, level, window)};
  metrics.itl = result.token_gaps.distribution();
  metrics.simulated_s = result.end_s;
  metrics.preemptions = result.preemptions;
  metrics.iterations = result.iterations;
  metrics.outside_measured = result.outside_measured;
  metrics.farthest_outside = result.farthest_outside;
  for (const auto& stages : result.stage_busy_s) {
    auto& utilisation = metrics.stage_utilisation.emplace_back();
    for (const double busy_s : stages) {
      utilisation.push_back(per(busy_s, result.end_s));
    }
  }
  metrics.price_per_hour = system.price_per_hour;
  metrics.price_per_million_output_tokens =
      per(system.price_per_hour / kSecondsPerHour * kMega, metrics.output_tokens_per_s);
  return metrics;
}

}  // namespace hexgen
