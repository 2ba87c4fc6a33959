#include "profiles/measured_profile.h"

#include <algorithm>
#include <cmath>

namespace hexgen {

Timing summarize(std::vector<double> samples_s) {
  std::sort(samples_s.begin(), samples_s.end());
  const auto nearest_rank = [&](double percent) {
    const double rank = std::ceil(percent / 100.0 * static_cast<double>(samples_s.size()));
    return samples_s[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  return {.median_s = nearest_rank(50), .p10_s = nearest_rank(10), .p90_s = nearest_rank(90)};
}

}  // namespace hexgen
