#include "simulator/time_integral.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace hexgen {
namespace {

constexpr SimTime kFirstWidth = 1'000'000;

/// The bucket in which the instant before `end` > 0 lies.
std::size_t last_bucket(SimTime end, int doublings) {
  return static_cast<std::size_t>(((end - 1) / kFirstWidth) >> doublings);
}

}  // namespace

SimTime TimeIntegral::width_for(SimTime end) {
  int doublings = 0;
  while (end > 0 && last_bucket(end, doublings) >= kMostBuckets) {
    ++doublings;
  }
  return kFirstWidth << doublings;
}

void TimeIntegral::add(SimTime begin, SimTime end, std::int64_t value) {
  if (begin == end || value == 0) {
    return;
  }
  reach(end);
  auto bucket = static_cast<std::size_t>((begin / kFirstWidth) >> doublings_);
  const SimTime width = kFirstWidth << doublings_;
  SimTime bucket_end = (static_cast<SimTime>(bucket) + 1) * width;
  for (; bucket_end < end; bucket_end += width) {
    sums_[bucket++] += (bucket_end - begin) * value;
    begin = bucket_end;
  }
  sums_[bucket] += (end - begin) * value;
}

void TimeIntegral::reach(SimTime end) {
  while (last_bucket(end, doublings_) >= kMostBuckets) {
    sums_.resize((sums_.size() + 1) / 2 * 2);
    for (std::size_t i = 0; i < sums_.size() / 2; ++i) {
      sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
    }
    sums_.resize(sums_.size() / 2);
    ++doublings_;
  }
  sums_.resize(std::max(sums_.size(), last_bucket(end, doublings_) + 1));
}

std::vector<std::int64_t> TimeIntegral::sums(SimTime width, std::size_t buckets) const {
  const auto merged = static_cast<std::size_t>(width / (kFirstWidth << doublings_));
  assert(merged > 0 && sums_.size() <= buckets * merged);
  std::vector<std::int64_t> result(buckets);
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    result[i / merged] += sums_[i];
  }
  return result;
}

std::int64_t TimeIntegral::total() const {
  return std::accumulate(sums_.begin(), sums_.end(), std::int64_t{0});
}

}  // namespace hexgen
