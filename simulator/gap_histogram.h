#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/sim_time.h"
#include "cost_models/statistics.h"

namespace hexgen {

/// Gaps between tokens, of which a long run has more than memory holds: counted in buckets 1/1024
/// of an octave's start wide (up to 2048 ns exact), so percentiles are at most 0.1 % low. Count,
/// mean, deviation and maximum are exact.
class GapHistogram {
 public:
  void add(SimTime gap, std::int64_t count);

  std::int64_t count() const { return count_; }

  Distribution distribution() const;

  bool operator==(const GapHistogram&) const = default;

 private:
  double percentile_s(double share) const;

  std::vector<std::int64_t> buckets_;
  std::int64_t count_ = 0;
  SimTime max_ = 0;
  double sum_s_ = 0;
  double square_sum_s_ = 0;
};

}  // namespace hexgen
