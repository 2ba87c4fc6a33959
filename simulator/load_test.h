#pragma once

#include <vector>

#include "simulator/metrics.h"
#include "simulator/miss_counter.h"

namespace hexgen {

/// One draw of requests to be played against any number of systems at any rate: all comparisons are
/// on common random numbers. Thread-safe: const calls share nothing that changes.
class LoadTest {
 public:
  /// `requests` as they arrive at `rate_per_s` requests a second, which must be above 0.
  LoadTest(std::vector<RequestSpec> requests,
           double rate_per_s,
           ServiceLevel level,
           SimulationOptions options,
           MeasurementWindow window = {});

  double rate_per_s() const { return rate_per_s_; }

  const std::vector<RequestSpec>& requests() const { return requests_; }

  const ServiceLevel& level() const { return level_; }

  const MeasurementWindow& window() const { return window_; }

  const SimulationOptions& options() const { return options_; }

  /// The same requests under another service level.
  LoadTest with_level(ServiceLevel level) const;

  /// Plays the requests with their arrival times stretched to `rate_per_s`. Where that would last
  /// less than 10 times the time that the SLO allows a request on average, they are repeated, up to
  /// 200,000 requests: a burst that ends before it is missed would pass at any rate.
  SimulationResult play(const ServingSystem& system, double rate_per_s) const;

  /// SLO attainment at `rate_per_s`.
  double attainment(const ServingSystem& system, double rate_per_s) const;

  /// True when attainment is at least `target` and no replica is saturated.
  /// Stops playing as soon as too many requests are late.
  bool sustains(const ServingSystem& system, double rate_per_s, double target = 0.99) const;

  /// Smallest SLO scale, alone, at which at least `target` of the requests are in time at
  /// `rate_per_s`: the nearest-rank percentile of the normalised latency, from one simulation.
  /// Infinite when too many requests are rejected.
  double lowest_deadline_scale(const ServingSystem& system,
                               double rate_per_s,
                               double target = 0.99) const;

  /// Highest rate that the system sustains, to 1 % below: doubling or halving from rate_per_s()
  /// until it is crossed, within a factor of 2^20 either way, then bisection on the logarithm. 0
  /// when not even requests that never meet are served in time. Attainment on common random numbers
  /// falls with the rate but for small bumps; among them this finds one crossing, always the same.
  double highest_rate(const ServingSystem& system, double target = 0.99) const;

 private:
  std::size_t num_requests(double rate_per_s) const;
  SimulationResult play(const ServingSystem& system, double rate_per_s, MissCounter* misses) const;

  std::vector<RequestSpec> requests_;
  double rate_per_s_;
  ServiceLevel level_;
  SimulationOptions options_;
  MeasurementWindow window_;
  std::vector<RequestAllowance> allowances_;  // [request]
  double shortest_s_;                         // of the arrivals
};

}  // namespace hexgen
