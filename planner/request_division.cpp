#include "planner/request_division.h"

#include <algorithm>
#include <numeric>

namespace hexgen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

RequestDivision divide_within(const std::vector<const PipelineChoices*>& pipelines,
                              const DivisionGoal& goal,
                              double limit_s) {
  const bool some_meet = std::any_of(pipelines.begin(),
                                     pipelines.end(),
                                     [](const PipelineChoices* choices) { return choices->meets; });
  RequestDivision division = {
      .shares = std::vector<double>(pipelines.size(), 1.0 / static_cast<double>(pipelines.size())),
      .points = std::vector<const OperatingPoint*>(pipelines.size(), nullptr),
      .rate_per_s = 0,
      .limit_s = limit_s};
  const int iterations = goal.policy == BatchPolicyKind::kOneBatch ? 5 : 1;
  for (int i = 0; i < iterations; ++i) {
    std::vector<double> rates_per_s(pipelines.size(), 0.0);
    for (std::size_t p = 0; p < pipelines.size(); ++p) {
      division.points[p] = nullptr;
      for (const OperatingPoint& point : pipelines[p]->points) {
        const double rate_per_s = rate_within(point, limit_s, division.shares[p], goal.policy);
        if ((pipelines[p]->meets || !some_meet) && rate_per_s > rates_per_s[p]) {
          rates_per_s[p] = rate_per_s;
          division.points[p] = &point;
        }
      }
    }
    division.rate_per_s = std::accumulate(rates_per_s.begin(), rates_per_s.end(), 0.0);
    if (division.rate_per_s <= 0) {
      break;
    }
    for (std::size_t p = 0; p < pipelines.size(); ++p) {
      division.shares[p] = rates_per_s[p] / division.rate_per_s;
    }
  }
  return division;
}

/// The division at the smallest limit that serves the workload's rate.
RequestDivision divide_rate(const std::vector<const PipelineChoices*>& pipelines,
                            const DivisionGoal& goal,
                            double leniency) {
  const auto serves = [&](double limit_s) {
    return divide_within(pipelines, goal, limit_s).rate_per_s >= goal.rate_per_s;
  };
  double too_short_s = kInfinity;
  for (const PipelineChoices* choices : pipelines) {
    too_short_s = std::min(too_short_s, choices->points.front().request_s / 2);
  }
  constexpr int kDoublings = 12;
  constexpr int kHalvings = 12;
  double enough_s = 2 * too_short_s;
  for (int i = 0; i < kDoublings && !serves(enough_s); ++i) {
    too_short_s = enough_s;
    enough_s *= 2;
  }
  if (!serves(enough_s)) {
    return divide_within(pipelines, goal, kInfinity);
  }
  for (int i = 0; i < kHalvings; ++i) {
    const double middle_s = (too_short_s + enough_s) / 2;
    (serves(middle_s) ? enough_s : too_short_s) = middle_s;
  }
  return divide_within(pipelines, goal, leniency * enough_s);
}

}  // namespace

double rate_within(const OperatingPoint& point,
                   double limit_s,
                   double share,
                   BatchPolicyKind policy) {
  if (point.request_s > limit_s) {
    return 0;
  }
  if (policy != BatchPolicyKind::kOneBatch || limit_s == kInfinity) {
    return point.capacity_per_s;
  }
  constexpr double kLn100 = 4.605170186;
  const double slack_s = limit_s - point.request_s;
  return point.capacity_per_s * slack_s / (slack_s + kLn100 / 2 * share * point.request_s);
}

RequestDivision divide_requests(const std::vector<const PipelineChoices*>& pipelines,
                                const DivisionGoal& goal,
                                double leniency) {
  if (pipelines.empty()) {
    return {};
  }
  if (goal.objective != ObjectiveKind::kRate) {
    return divide_rate(pipelines, goal, leniency);
  }
  RequestDivision division = divide_within(pipelines, goal, leniency * goal.e2e_s);
  return division.rate_per_s > 0 ? division : divide_within(pipelines, goal, kInfinity);
}

}  // namespace hexgen
