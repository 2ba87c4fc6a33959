#include "simulator/statistics.h"

#include <algorithm>
#include <cmath>

namespace hexgen {

namespace {

/// Position, counted from 0, of the nearest-rank percentile among `count` > 0 samples.
std::int64_t nearest_rank_index(double share, std::int64_t count) {
  // Without the allowance 0.99 * 100, a little above 99 in binary, would ask for element 100.
  const double rank = std::ceil(share * static_cast<double>(count) - 1e-9);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(rank), 1, count) - 1;
}

}  // namespace

double nearest_rank(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) {
    return 0;
  }
  const auto count = static_cast<std::int64_t>(sorted.size());
  return sorted[static_cast<std::size_t>(nearest_rank_index(share, count))];
}

Distribution summarize(std::vector<CountedSample> samples) {
  std::sort(samples.begin(), samples.end(), [](const CountedSample& a, const CountedSample& b) {
    return a.seconds < b.seconds;
  });
  Distribution result;
  double sum = 0;
  for (const CountedSample& sample : samples) {
    sum += static_cast<double>(sample.count) * sample.seconds;
    result.count += sample.count;
  }
  if (result.count == 0) {
    return {};
  }
  const auto count = static_cast<double>(result.count);
  result.mean_s = sum / count;
  double squares = 0;
  for (const CountedSample& sample : samples) {
    const double deviation = sample.seconds - result.mean_s;
    squares += static_cast<double>(sample.count) * deviation * deviation;
  }
  result.std_s = std::sqrt(squares / count);
  const auto percentile = [&](double share) {
    std::int64_t left = nearest_rank_index(share, result.count) + 1;
    const auto at =
        std::find_if(samples.begin(), samples.end(), [&left](const CountedSample& sample) {
          left -= sample.count;
          return left <= 0;
        });
    return at->seconds;
  };
  result.median_s = percentile(0.50);
  result.p90_s = percentile(0.90);
  result.p99_s = percentile(0.99);
  result.max_s = samples.back().seconds;
  return result;
}

Distribution summarize(const std::vector<double>& samples) {
  std::vector<CountedSample> counted;
  counted.reserve(samples.size());
  for (const double sample : samples) {
    counted.push_back({.seconds = sample, .count = 1});
  }
  return summarize(std::move(counted));
}

}  // namespace hexgen
