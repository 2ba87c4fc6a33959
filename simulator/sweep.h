#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "simulator/load_test.h"

namespace hexgen {

/// What to sweep. Empty `slo_scales`: the SLO as it is.
struct SweepGrid {
  std::vector<double> rates_per_s;
  std::vector<double> slo_scales;  // in place of the SLO's own; its other limits stay
  double target = 0.99;            // attainment that the figures of merit ask for
};

/// One simulation of the grid.
struct SweepPoint {
  double rate_per_s = 0;
  std::vector<double> attainment;          // [SLO scale], or of the SLO alone
  std::optional<double> lowest_slo_scale;  // with a reference: infinite when too many are rejected
  Metrics metrics;
};

struct SweepResult {
  std::vector<SweepPoint> points;           // [rate]
  std::vector<double> highest_rates_per_s;  // [SLO scale], or for the SLO alone
};

/// Simulates every rate and searches the highest rate of every scale, in parallel on the caller's
/// TBB arena; the result does not depend on the number of threads. `advance` is called from any
/// thread after every part, of which there are as many as rates and scales.
SweepResult sweep(const ServingSystem& system,
                  const LoadTest& test,
                  const SweepGrid& grid,
                  const std::function<void()>& advance);

}  // namespace hexgen
