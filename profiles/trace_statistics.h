#pragma once

#include <cstdint>
#include <vector>

#include "profiles/workload.h"

namespace hexgen {

/// Counts of whole numbers, one counter for each value up to the greatest: 80 MB for tokens at
/// most.
class TokenHistogram {
 public:
  void add(int tokens);  // tokens >= 0

  std::int64_t count() const { return count_; }

  std::int64_t sum() const { return sum_; }

  // The following are 0 while nothing was added.
  double mean() const;
  int min() const;
  int max() const;

  /// Nearest rank: the smallest value that at least `percent` of all are not above. Exact.
  int percentile(int percent) const;

 private:
  std::vector<std::int64_t> counts_;  // by value
  std::int64_t count_ = 0;
  std::int64_t sum_ = 0;
};

/// What a trace or a workload consists of, from its requests in order of arrival. Memory does not
/// grow with their number.
class TraceStatistics {
 public:
  void add(const RequestSpec& request);

  std::int64_t requests() const { return prompt_tokens_.count(); }

  /// Time from the first arrival to the last.
  double span_s() const { return last_s_ - first_s_; }

  /// One over the mean gap between arrivals; 0 when all requests arrive at once.
  double rate_per_s() const;

  /// Standard deviation over mean of the gaps between arrivals: 1 for Poisson arrivals, above for
  /// bursts. 0 when all requests arrive at once.
  double gap_cv() const;

  double longest_gap_s() const { return longest_gap_s_; }

  const TokenHistogram& prompt_tokens() const { return prompt_tokens_; }

  const TokenHistogram& output_tokens() const { return output_tokens_; }

 private:
  double first_s_ = 0;
  double last_s_ = 0;
  double longest_gap_s_ = 0;
  double mean_gap_s_ = 0;    // running, by Welford's method
  double squared_gaps_ = 0;  // sum of squared distances from the mean
  TokenHistogram prompt_tokens_;
  TokenHistogram output_tokens_;
};

}  // namespace hexgen
