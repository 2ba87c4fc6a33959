#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost_models/request_metrics.h"
#include "simulator/simulation.h"

namespace hexgen {

/// What the requests got, and what only a simulation knows. Of the whole run.
struct Metrics : RequestMetrics {
  double simulated_s = 0;  // until the last token
  std::int64_t preemptions = 0;
  std::int64_t iterations = 0;                              // all replicas
  std::vector<std::vector<double>> stage_utilisation;       // [replica][stage], of simulated_s
  std::vector<std::vector<std::int64_t>> outside_measured;  // [replica][stage]: iterations whose
                                                            // tables were extended
  std::vector<std::vector<double>> farthest_outside;  // [replica][stage]: times the measured range
  double price_per_hour = 0;
  double price_per_million_output_tokens = 0;
};

std::vector<std::string> saturated_replicas(const ServingSystem& system,
                                            const SimulationResult& result,
                                            const MeasurementWindow& window = {});

Metrics measure(const ServingSystem& system,
                const SimulationResult& result,
                const ServiceLevel& level,
                const MeasurementWindow& window = {});

}  // namespace hexgen
