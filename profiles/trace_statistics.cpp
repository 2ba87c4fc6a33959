#include "profiles/trace_statistics.h"

#include <algorithm>
#include <cmath>

namespace hexgen {

void TokenHistogram::add(int tokens) {
  const auto value = static_cast<std::size_t>(tokens);
  if (value >= counts_.size()) {
    counts_.resize(value + 1);
  }
  ++counts_[value];
  ++count_;
  sum_ += tokens;
}

double TokenHistogram::mean() const {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

int TokenHistogram::min() const {
  const auto first = std::find_if(counts_.begin(), counts_.end(), [](auto n) { return n > 0; });
  return first == counts_.end() ? 0 : static_cast<int>(first - counts_.begin());
}

int TokenHistogram::max() const {
  return counts_.empty() ? 0 : static_cast<int>(counts_.size()) - 1;
}

int TokenHistogram::percentile(int percent) const {
  const std::int64_t rank = std::max<std::int64_t>(1, (count_ * percent + 99) / 100);
  std::int64_t seen = 0;
  for (std::size_t value = 0; value < counts_.size(); ++value) {
    seen += counts_[value];
    if (seen >= rank) {
      return static_cast<int>(value);
    }
  }
  return 0;
}

void TraceStatistics::add(const RequestSpec& request) {
  if (requests() == 0) {
    first_s_ = request.arrival_s;
  } else {
    const double gap_s = request.arrival_s - last_s_;
    longest_gap_s_ = std::max(longest_gap_s_, gap_s);
    const double distance = gap_s - mean_gap_s_;
    mean_gap_s_ += distance / static_cast<double>(requests());
    squared_gaps_ += distance * (gap_s - mean_gap_s_);
  }
  last_s_ = request.arrival_s;
  prompt_tokens_.add(request.prompt_tokens);
  output_tokens_.add(request.output_tokens);
}

double TraceStatistics::rate_per_s() const {
  return span_s() > 0 ? static_cast<double>(requests() - 1) / span_s() : 0.0;
}

double TraceStatistics::gap_cv() const {
  if (span_s() <= 0) {
    return 0.0;
  }
  return std::sqrt(squared_gaps_ / static_cast<double>(requests() - 1)) / mean_gap_s_;
}

}  // namespace hexgen
