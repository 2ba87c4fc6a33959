#pragma once

#include <cstdint>
#include <vector>

#include "simulator/service_level.h"
#include "simulator/simulation.h"
#include "simulator/statistics.h"

namespace hexgen {

/// Which requests count: all that arrived after the first `warmup_share` of the arrivals, which
/// meet a system that is still filling. Everything is simulated to its end, so none is cut off.
struct MeasurementWindow {
  double warmup_share = 0.1;  // in [0, 1); the number is rounded down

  std::size_t first_request(const SimulationResult& result) const;
};

/// docs/SIMULATOR.md defines each. Latencies, attainment, tokens and throughput are of the window;
/// utilisation is of the whole run.
struct Metrics {
  std::int64_t arrived = 0;  // whole run; = completed + rejected
  std::int64_t completed = 0;
  std::int64_t rejected = 0;
  std::int64_t preemptions = 0;

  std::int64_t window_requests = 0;
  double duration_s = 0;  // from the first arrival of the window to the last token
  std::int64_t prompt_tokens = 0;
  std::int64_t output_tokens = 0;
  double requests_per_s = 0;
  double output_tokens_per_s = 0;
  double total_tokens_per_s = 0;

  Distribution ttft;
  Distribution tpot;  // without requests of one output token, which have none
  Distribution itl;   // whole run; empty unless the gaps were recorded
  Distribution e2e;

  double slo_attainment = 0;  // share of the window's requests that met all limits
  double goodput_per_s = 0;   // those requests over duration_s

  std::vector<std::vector<double>> stage_utilisation;  // [replica][stage], of end_s
  double price_per_hour = 0;
  double price_per_million_output_tokens = 0;
};

Metrics measure(const ServingSystem& system,
                const SimulationResult& result,
                const ServiceLevel& level,
                const MeasurementWindow& window = {});

/// Share of the window's requests that met all limits; a rejected one did not. 1 for an empty
/// window.
double slo_attainment(const SimulationResult& result,
                      const ServiceLevel& level,
                      const MeasurementWindow& window = {});

/// E2E latencies of the window's requests as multiples of the reference latency, ascending.
std::vector<double> normalised_latencies(const SimulationResult& result,
                                         const ServiceLevel& level,
                                         const MeasurementWindow& window = {});

}  // namespace hexgen
