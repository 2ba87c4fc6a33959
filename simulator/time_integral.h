#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/sim_time.h"

namespace hexgen {

/// The integral over time of a whole number, by buckets of one width: 1 ms at first, doubled by
/// merging neighbours whenever there would be more than kMostBuckets. Exact; a bucket of one day
/// may hold a mean of 100,000.
class TimeIntegral {
 public:
  static constexpr std::size_t kMostBuckets = 200;

  /// The smallest width with which `end` lies within kMostBuckets.
  static SimTime width_for(SimTime end);

  /// Adds `value` all over [begin, end), 0 <= begin <= end.
  void add(SimTime begin, SimTime end, std::int64_t value);

  /// Sums of buckets of `width` >= width_for(every end added), itself a result of width_for().
  std::vector<std::int64_t> sums(SimTime width, std::size_t buckets) const;

  std::int64_t total() const;

 private:
  void reach(SimTime end);

  std::vector<std::int64_t> sums_;
  int doublings_ = 0;
};

}  // namespace hexgen
