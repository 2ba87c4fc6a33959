#include "simulator/sweep.h"

#include <tbb/parallel_for.h>

#include <algorithm>

namespace hexgen {
namespace {

/// The levels that a grid judges by: one a scale, or that of the test alone.
std::vector<ServiceLevel> levels_of(const LoadTest& test, const SweepGrid& grid) {
  std::vector<ServiceLevel> levels;
  for (const double scale : grid.slo_scales) {
    levels.push_back(test.level().with_scale(scale));
  }
  if (levels.empty()) {
    levels.push_back(test.level());
  }
  return levels;
}

SweepPoint play_point(const ServingSystem& system,
                      const LoadTest& test,
                      const std::vector<ServiceLevel>& levels,
                      double rate_per_s,
                      double target) {
  const SimulationResult result = test.play(system, rate_per_s);
  SweepPoint point = {.rate_per_s = rate_per_s,
                      .metrics = measure(system, result, test.level(), test.window())};
  for (const ServiceLevel& level : levels) {
    point.attainment.push_back(slo_attainment(result.requests, level, test.window()));
  }
  if (test.level().has_reference()) {
    point.lowest_slo_scale =
        nearest_rank(normalised_latencies(result.requests, test.level(), test.window()), target);
  }
  return point;
}

}  // namespace

SweepResult sweep(const ServingSystem& system,
                  const LoadTest& test,
                  const SweepGrid& grid,
                  const std::function<void()>& advance) {
  const std::vector<ServiceLevel> levels = levels_of(test, grid);
  const std::size_t rates = grid.rates_per_s.size();
  SweepResult result = {.points = std::vector<SweepPoint>(rates),
                        .highest_rates_per_s = std::vector<double>(levels.size())};
  tbb::parallel_for(std::size_t{0}, rates + levels.size(), [&](std::size_t part) {
    if (part < rates) {
      result.points[part] = play_point(system, test, levels, grid.rates_per_s[part], grid.target);
    } else {
      const std::size_t scale = part - rates;
      result.highest_rates_per_s[scale] =
          test.with_level(levels[scale]).highest_rate(system, grid.target);
    }
    advance();
  });
  return result;
}

}  // namespace hexgen
