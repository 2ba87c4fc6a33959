#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "profiles/random_stream.h"

namespace hexgen {

/// The random stream that belongs to individual `index` of `generation`, whichever thread draws
/// from it and however many there are.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t generation, std::uint64_t index)
      : stream_(RandomStream(seed, generation).bits(), index) {}

  /// Uniform in [0, bound); bound > 0.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(stream_.below(bound)); }

  /// Uniform in [from, to].
  int between(int from, int to) {
    return from + static_cast<int>(below(static_cast<std::size_t>(to - from) + 1));
  }

  bool chance(double probability) { return stream_.uniform() < probability; }

  template <typename T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(i)]);
    }
  }

 private:
  RandomStream stream_;
};

}  // namespace hexgen
