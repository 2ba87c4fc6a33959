#pragma once

#include <cstdint>

namespace hexgen {

/// Random numbers that are the same on every platform: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)
/// and samplers written out here, since the standard fixes neither the distributions nor the last
/// bit of log and exp.
class RandomStream {
 public:
  /// Streams of one seed with different numbers are unrelated.
  RandomStream(std::uint64_t seed, std::uint64_t stream);

  std::uint64_t bits();

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform();

  /// Uniform in 0..bound-1 without bias (rejection); bound > 0.
  std::uint64_t below(std::uint64_t bound);

  /// Mean 1, by inversion: -ln(1 - u).
  double exponential();

  /// Mean 0, variance 1, by the polar method (Marsaglia, Bray 1964).
  double normal();

  /// Mean `shape`, variance `shape`, by squeeze-free rejection (Marsaglia, Tsang 2000); shape > 0.
  double gamma(double shape);

 private:
  std::uint64_t state_;
};

}  // namespace hexgen
