#include "simulator/max_min.h"

#include <algorithm>
#include <limits>

namespace hexgen {
namespace {

constexpr double kNotSet = -1;

/// What is left of a resource for the demands whose rate is not set.
struct Remainder {
  double capacity = 0;
  int demands = 0;

  double fair_share() const {
    return demands > 0 ? std::max(0.0, capacity) / demands
                       : std::numeric_limits<double>::infinity();
  }
};

class ProgressiveFilling {
 public:
  ProgressiveFilling(const std::vector<double>& capacities, const std::vector<Demand>& demands)
      : demands_(demands),
        rates_(demands.size(), kNotSet) {
    for (const double capacity : capacities) {
      left_.push_back({.capacity = capacity});
    }
    for (const Demand& demand : demands) {
      for (const int resource : *demand.resources) {
        ++left_[static_cast<std::size_t>(resource)].demands;
      }
    }
  }

  std::vector<double> run() {
    for (std::size_t set = 0; set < demands_.size();) {
      const double level = next_level();
      for (std::size_t d = 0; d < demands_.size(); ++d) {
        if (rates_[d] == kNotSet && highest_rate(demands_[d]) <= level) {
          fix(d, level);
          ++set;
        }
      }
    }
    return std::move(rates_);
  }

 private:
  /// The level to which a demand can rise now.
  double highest_rate(const Demand& demand) const {
    double highest = demand.limit;
    for (const int resource : *demand.resources) {
      highest = std::min(highest, left_[static_cast<std::size_t>(resource)].fair_share());
    }
    return highest;
  }

  /// The level at which the first demands stop.
  double next_level() const {
    double level = std::numeric_limits<double>::infinity();
    for (std::size_t d = 0; d < demands_.size(); ++d) {
      if (rates_[d] == kNotSet) {
        level = std::min(level, highest_rate(demands_[d]));
      }
    }
    return level;
  }

  void fix(std::size_t demand, double level) {
    rates_[demand] = level;
    for (const int resource : *demands_[demand].resources) {
      Remainder& left = left_[static_cast<std::size_t>(resource)];
      left.capacity -= level;
      --left.demands;
    }
  }

  const std::vector<Demand>& demands_;
  std::vector<double> rates_;
  std::vector<Remainder> left_;
};

}  // namespace

std::vector<double> max_min_rates(const std::vector<double>& capacities,
                                  const std::vector<Demand>& demands) {
  return ProgressiveFilling(capacities, demands).run();
}

}  // namespace hexgen
