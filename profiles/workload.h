#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiles/slo.h"

namespace hexgen {

/// One request as it arrives.
struct RequestSpec {
  double arrival_s = 0;
  int prompt_tokens = 0;
  int output_tokens = 0;
};

/// When requests arrive.
struct ArrivalProcess {
  enum class Kind { kPoisson, kGamma, kUniform, kAllAtOnce };
  Kind kind = Kind::kPoisson;
  double rate_per_s = 1.0;
  double burstiness = 1.0;  // gamma shape as in `vllm bench serve`: 1 = Poisson, below 1 = bursty
  std::int64_t requests = 1000;
};

/// Distribution of a token count. Samples are rounded to whole tokens and kept within [min, max].
struct TokenDistribution {
  enum class Kind { kFixed, kUniform, kLognormal, kExponential, kEmpirical };
  Kind kind = Kind::kFixed;
  double value = 128;  // fixed
  double mean = 0;     // lognormal, exponential
  double p50 = 0;      // lognormal
  int min = 1;
  int max = 1 << 20;
  std::vector<int> values;  // empirical: drawn with equal chance

  /// Mean of the counts that are drawn: of the rounded and clamped samples. Exact but for rounding
  /// errors; a sum over the counts for lognormal and exponential, so call it once.
  double expected() const;

  /// Longest count that can be drawn.
  int longest() const;
};

/// What the cluster is to serve, and how well.
struct Workload {
  std::string name;
  ArrivalProcess arrivals;
  TokenDistribution prompt_tokens;
  TokenDistribution output_tokens;
  Slo slo;
};

}  // namespace hexgen
