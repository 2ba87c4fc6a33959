#include "planner/group_labels.h"

#include <algorithm>
#include <numeric>

namespace hexgen {
namespace {

class Labelling {
 public:
  explicit Labelling(const std::vector<std::vector<double>>& speed)
      : speed_(speed),
        labels_(speed.size(), -1),
        total_(speed.empty() ? 0 : speed.front().size(), 0.0) {}

  void fill() {
    std::vector<std::size_t> order(speed_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return fastest(a) > fastest(b);
    });
    for (const std::size_t group : order) {
      int slowest = -1;
      for (int model = 0; model < num_models(); ++model) {
        const bool able = at(group, model) > 0;
        if (able && (slowest < 0 || total(model) < total(slowest))) {
          slowest = model;
        }
      }
      if (slowest >= 0) {
        relabel(group, slowest);
      }
    }
  }

  /// True when some change helped.
  bool improve() {
    bool helped = false;
    for (std::size_t group = 0; group < labels_.size(); ++group) {
      for (int model = 0; model < num_models(); ++model) {
        helped = try_labels(group, model, group, model) || helped;
      }
      for (std::size_t other = 0; other < group; ++other) {
        helped = try_labels(group, labels_[other], other, labels_[group]) || helped;
      }
    }
    return helped;
  }

  const std::vector<int>& labels() const { return labels_; }

 private:
  int num_models() const { return static_cast<int>(total_.size()); }

  double at(std::size_t group, int model) const {
    return speed_[group][static_cast<std::size_t>(model)];
  }

  double& total(int model) { return total_[static_cast<std::size_t>(model)]; }

  double fastest(std::size_t group) const {
    return *std::max_element(speed_[group].begin(), speed_[group].end());
  }

  void relabel(std::size_t group, int model) {
    if (labels_[group] >= 0) {
      total(labels_[group]) -= at(group, labels_[group]);
    }
    labels_[group] = model;
    total(model) += at(group, model);
  }

  /// Keeps the new labels if the sorted speeds grow, otherwise restores the old ones.
  bool try_labels(std::size_t group, int model, std::size_t other, int other_model) {
    const int before = labels_[group];
    const int other_before = labels_[other];
    const bool able = model >= 0 && other_model >= 0 && at(group, model) > 0 &&
                      at(other, other_model) > 0 && model != before;
    if (!able || before < 0 || other_before < 0) {
      return false;
    }
    const std::vector<double> total_before = total_;
    relabel(group, model);
    relabel(other, other_model);
    if (slowest_first(total_) > slowest_first(total_before)) {
      return true;
    }
    labels_[group] = before;
    labels_[other] = other_before;
    total_ = total_before;
    return false;
  }

  /// Rounded, so that changes that gain nothing but rounding errors do not go on for ever.
  static std::vector<double> slowest_first(std::vector<double> total) {
    for (double& speed : total) {
      speed = static_cast<float>(speed);
    }
    std::sort(total.begin(), total.end());
    return total;
  }

  const std::vector<std::vector<double>>& speed_;  // [group][model]
  std::vector<int> labels_;                        // [group]
  std::vector<double> total_;                      // [model]
};

}  // namespace

std::vector<int> label_groups(const std::vector<std::vector<double>>& speed) {
  Labelling labelling(speed);
  labelling.fill();
  constexpr int kMostRounds = 20;
  for (int round = 0; round < kMostRounds && labelling.improve(); ++round) {
  }
  return labelling.labels();
}

}  // namespace hexgen
