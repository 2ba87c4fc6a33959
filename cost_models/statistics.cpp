#include "cost_models/statistics.h"

#include <algorithm>
#include <cmath>

namespace hexgen {

std::int64_t nearest_rank_index(double share, std::int64_t count) {
  // Without the allowance 0.99 * 100, a little above 99 in binary, would ask for element 100.
  const double rank = std::ceil(share * static_cast<double>(count) - 1e-9);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(rank), 1, count) - 1;
}

double nearest_rank(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) {
    return 0;
  }
  const auto count = static_cast<std::int64_t>(sorted.size());
  return sorted[static_cast<std::size_t>(nearest_rank_index(share, count))];
}

Distribution distribution_of(std::vector<double> samples) {
  if (samples.empty()) {
    return {};
  }
  std::sort(samples.begin(), samples.end());
  const auto count = static_cast<double>(samples.size());
  double sum = 0;
  for (const double sample : samples) {
    sum += sample;
  }
  const double mean = sum / count;
  double squares = 0;
  for (const double sample : samples) {
    squares += (sample - mean) * (sample - mean);
  }
  return {.count = static_cast<std::int64_t>(samples.size()),
          .mean_s = mean,
          .std_s = std::sqrt(squares / count),
          .median_s = nearest_rank(samples, 0.50),
          .p90_s = nearest_rank(samples, 0.90),
          .p99_s = nearest_rank(samples, 0.99),
          .max_s = samples.back()};
}

}  // namespace hexgen
