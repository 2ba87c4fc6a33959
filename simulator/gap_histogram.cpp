#include "simulator/gap_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hexgen {
namespace {

constexpr int kBucketBits = 10;  // an octave has 2^10 buckets

/// Values of more than kBucketBits + 1 bits lose the lowest ones.
int dropped_bits(std::uint64_t gap) {
  return std::max(0, static_cast<int>(std::bit_width(gap)) - (kBucketBits + 1));
}

std::size_t bucket_of(SimTime gap) {
  const auto value = static_cast<std::uint64_t>(gap);
  const int dropped = dropped_bits(value);
  return (static_cast<std::size_t>(dropped) << kBucketBits) +
         static_cast<std::size_t>(value >> dropped);
}

/// Smallest gap of a bucket: the inverse of bucket_of.
SimTime start_of(std::size_t bucket) {
  const std::size_t octaves = bucket >> kBucketBits;
  const std::size_t dropped = octaves > 0 ? octaves - 1 : 0;
  return static_cast<SimTime>((bucket - (dropped << kBucketBits)) << dropped);
}

}  // namespace

void GapHistogram::add(SimTime gap, std::int64_t count) {
  const std::size_t bucket = bucket_of(gap);
  if (bucket >= buckets_.size()) {
    buckets_.resize(bucket + 1);
  }
  buckets_[bucket] += count;
  count_ += count;
  max_ = std::max(max_, gap);
  const double seconds = to_seconds(gap);
  const double weighted = static_cast<double>(count) * seconds;
  sum_s_ += weighted;
  square_sum_s_ += weighted * seconds;
}

double GapHistogram::percentile_s(double share) const {
  std::int64_t left = nearest_rank_index(share, count_) + 1;
  std::size_t bucket = 0;
  for (; left > buckets_[bucket]; ++bucket) {
    left -= buckets_[bucket];
  }
  return to_seconds(start_of(bucket));
}

Distribution GapHistogram::distribution() const {
  if (count_ == 0) {
    return {};
  }
  const auto count = static_cast<double>(count_);
  const double mean = sum_s_ / count;
  return {.count = count_,
          .mean_s = mean,
          .std_s = std::sqrt(std::max(0.0, square_sum_s_ / count - mean * mean)),
          .median_s = percentile_s(0.50),
          .p90_s = percentile_s(0.90),
          .p99_s = percentile_s(0.99),
          .max_s = to_seconds(max_)};
}

}  // namespace hexgen
