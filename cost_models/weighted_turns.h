#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace hexgen {

/// Smooth weighted round robin: every turn each replica gains its weight, the richest one is chosen
/// and pays what all gained. Over any run of turns a replica gets its share, evenly spread. Equal
/// weights make plain round robin.
class WeightedTurns {
 public:
  explicit WeightedTurns(std::vector<double> weights)
      : weights_(std::move(weights)),
        credit_(weights_.size(), 0.0) {}

  /// Of those for which can_take(index) is true; -1 when there is none. The first among equals.
  template <typename CanTake>
  int next(CanTake can_take) {
    int best = -1;
    double gained = 0;
    for (std::size_t r = 0; r < weights_.size(); ++r) {
      if (!can_take(r)) {
        continue;
      }
      credit_[r] += weights_[r];
      gained += weights_[r];
      if (best < 0 || credit_[r] > credit_[static_cast<std::size_t>(best)]) {
        best = static_cast<int>(r);
      }
    }
    if (best >= 0) {
      credit_[static_cast<std::size_t>(best)] -= gained;
    }
    return best;
  }

 private:
  std::vector<double> weights_;
  std::vector<double> credit_;
};

}  // namespace hexgen
