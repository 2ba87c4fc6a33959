#pragma once

#include <cstdint>
#include <vector>

namespace hexgen {

/// Position, counted from 0, of the smallest of `count` > 0 sorted samples that at least `share` of
/// all are not above: ceil(share * count) - 1.
std::int64_t nearest_rank_index(double share, std::int64_t count);

/// That sample; 0 for no samples.
double nearest_rank(const std::vector<double>& sorted, double share);

/// Of a sample of times in seconds. All zero when it is empty.
struct Distribution {
  std::int64_t count = 0;
  double mean_s = 0;
  double std_s = 0;  // of the population: sqrt(mean of squared deviations)
  double median_s = 0;
  double p90_s = 0;  // percentiles by nearest rank, the median as well
  double p99_s = 0;
  double max_s = 0;

  bool operator==(const Distribution&) const = default;
};

Distribution distribution_of(std::vector<double> samples);

}  // namespace hexgen
