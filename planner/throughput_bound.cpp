#include "planner/throughput_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hexgen {
namespace {

/// Numbers of rows are looked at in steps of this factor.
constexpr double kRowsStep = 1.05;

/// Least value of a convex function of a number from 0 to `most`, by golden sections.
template <typename Function>
double lowest_point(double most, Function value) {
  constexpr double kGolden = 0.6180339887498949;
  constexpr int kSections = 40;
  double low = 0;
  double high = most;
  double left = high - kGolden * (high - low);
  double right = low + kGolden * (high - low);
  double left_value = value(left);
  double right_value = value(right);
  for (int section = 0; section < kSections; ++section) {
    if (left_value <= right_value) {
      high = right;
      right = left;
      right_value = left_value;
      left = high - kGolden * (high - low);
      left_value = value(left);
    } else {
      low = left;
      left = right;
      left_value = right_value;
      right = low + kGolden * (high - low);
      right_value = value(right);
    }
  }
  return left_value <= right_value ? left : right;
}

std::vector<double> larger(std::vector<double> a, const std::vector<double>& b) {
  std::transform(
      a.begin(), a.end(), b.begin(), a.begin(), [](double x, double y) { return std::max(x, y); });
  return a;
}

/// Over all devices.
double total(const std::vector<NodeClass>& classes, const std::vector<double>& worths) {
  double sum = 0;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    sum += classes[c].devices * worths[c];
  }
  return sum;
}

/// The bound at one step of rows, as the worth of one device of each class.
class RowsStep {
 public:
  RowsStep(const std::vector<NodeClass>& classes,
           const StageTimes& times,
           const ServiceTerms& terms,
           double few,
           double many)
      : classes_(classes),
        allowed_s_(terms.time_allowed_s),
        limits_in_flight_(terms.policy == BatchPolicyKind::kContinuous) {
    for (const NodeClass& nodes : classes) {
      auto& of_class = terms_.emplace_back();
      for (const NodeStage& option : nodes.options) {
        if (times.has_room(option, few)) {
          const StageTerms stage = times.terms(option, nodes.crossing, few, many);
          of_class.push_back({.option = &option, .terms = stage});
          fastest_per_s_ = std::max(fastest_per_s_, stage.rate_per_s / option.share);
          quickest_s_ = std::min(quickest_s_, stage.pass_s / option.share);
        }
      }
    }
  }

  /// Raises the worths [class] to what they are here, by the limit and the multiplier with which
  /// their sum over the devices grows least.
  void raise(std::vector<double>& worths) const {
    constexpr double kSteepest = 100;  // a limit that is missed by 1 % everywhere leaves nothing
    const auto total_in_time = [&](double m) {
      return total(classes_, larger(worths, in_time(m)));
    };
    const auto total_in_flight = [&](double m) {
      return total(classes_, larger(worths, in_flight(m)));
    };
    std::vector<double> raised = larger(worths, in_time(0));
    const auto prefer = [&](std::vector<double> other) {
      if (total(classes_, other) < total(classes_, raised)) {
        raised = std::move(other);
      }
    };
    if (std::isfinite(allowed_s_)) {
      const double most = kSteepest * fastest_per_s_ / allowed_s_;
      prefer(larger(worths, in_time(lowest_point(most, total_in_time))));
    }
    if (limits_in_flight_ && std::isfinite(quickest_s_)) {
      prefer(larger(worths, in_flight(lowest_point(1 / quickest_s_, total_in_flight))));
    }
    worths = std::move(raised);
  }

  /// [class], with the multiplier m of the time allowed.
  std::vector<double> in_time(double m) const {
    return worths([&](const Stage& stage) {
      const double left_s = m > 0 ? stage.option->share * allowed_s_ - stage.terms.pass_s : 0;
      return stage.terms.rate_per_s + m * left_s;
    });
  }

 private:
  struct Stage {
    const NodeStage* option = nullptr;
    StageTerms terms;
  };

  std::vector<double> in_flight(double m) const {
    return worths([&](const Stage& stage) {
      const double share = stage.option->share;
      return std::max(0.0, 1 - m * stage.terms.pass_s / share) * stage.terms.rate_per_s +
             m * share * stage.terms.in_flight;
    });
  }

  template <typename Worth>
  std::vector<double> worths(Worth worth) const {
    std::vector<double> most(classes_.size(), 0.0);
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      for (const Stage& stage : terms_[c]) {
        most[c] = std::max(most[c], worth(stage) / stage.option->devices);
      }
    }
    return most;
  }

  const std::vector<NodeClass>& classes_;
  double allowed_s_;
  bool limits_in_flight_;
  std::vector<std::vector<Stage>> terms_;  // [class]
  double fastest_per_s_ = 0;               // rate of a whole model of the fastest stages
  double quickest_s_ = std::numeric_limits<double>::infinity();  // pass through such a model
};

}  // namespace

double throughput_bound(const ModelSpec& model,
                        const SearchSpace& space,
                        const ServiceTerms& terms) {
  const StageTimes times(model, terms);
  std::vector<NodeClass> classes = node_classes(model, space, terms);
  std::erase_if(classes, [&, all = classes](const NodeClass& nodes) {
    return !(times.alone_s(nodes.crossing, all) <= terms.time_allowed_s);
  });
  std::vector<double> worths(classes.size(), 0.0);
  std::vector<double> unlimited = worths;
  for (double many = terms.max_batch; many >= 1; many /= kRowsStep) {
    const RowsStep step(classes, times, terms, std::max(1.0, many / kRowsStep), many);
    step.raise(worths);
    unlimited = larger(std::move(unlimited), step.in_time(0));
  }
  // A multiplier for each step may in sum do worse than none.
  return std::min(total(classes, worths), total(classes, unlimited));
}

}  // namespace hexgen
