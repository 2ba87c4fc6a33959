#pragma once

#include <cstdint>
#include <vector>

namespace hexgen {

/// Smallest sample that is at least `share` of all samples: element ceil(share * n) of the sorted
/// samples, counted from 1. `share` in (0, 1]; 0 for no samples.
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
};

/// A value that occurs `count` times.
struct CountedSample {
  double seconds = 0;
  std::int64_t count = 0;
};

Distribution summarize(std::vector<CountedSample> samples);
Distribution summarize(const std::vector<double>& samples);

}  // namespace hexgen
