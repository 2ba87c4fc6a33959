#include "planner/plan_evaluator.h"

#include <numeric>

#include "planner/plan_builder.h"

namespace hexgen {
namespace {

constexpr double kInfeasibleScore = -1e300;
constexpr double kTargetMissedScore = -1e12;

}  // namespace

PlanEvaluator::PlanEvaluator(const ModelSpec& model,
                             const Cluster& cluster,
                             LoadTest load_test,
                             ObjectiveKind objective)
    : model_(model),
      cluster_(cluster),
      load_test_(std::move(load_test)),
      objective_(objective) {}

bool PlanEvaluator::feasible(const Objective& objective) {
  return objective.score > kInfeasibleScore;
}

double PlanEvaluator::mean_normalised_latency(const SimulationResult& result) const {
  const std::vector<double> latencies =
      normalised_latencies(result, load_test_.level(), load_test_.window());
  return std::accumulate(latencies.begin(), latencies.end(), 0.0) /
         static_cast<double>(latencies.size());
}

Objective PlanEvaluator::evaluate_rate(const ServingSystem& system) const {
  const RateLimit limit = load_test_.highest_rate(system, kTargetAttainment);
  if (limit.rate_per_s > 0) {
    return {.score = limit.rate_per_s, .tie_break = limit.attainment};
  }
  const SimulationResult result = load_test_.play(system, load_test_.rate_per_s());
  return {.score = 0, .tie_break = -mean_normalised_latency(result)};
}

Objective PlanEvaluator::evaluate(const Plan& plan) const {
  if (plan.empty()) {
    return {.score = kInfeasibleScore};
  }
  const ServingSystem system = make_serving_system(plan, model_, cluster_);
  if (objective_ == ObjectiveKind::kRate) {
    return evaluate_rate(system);
  }
  const SimulationResult result = load_test_.play(system, load_test_.rate_per_s());
  const double tie_break = -mean_normalised_latency(result);
  if (objective_ == ObjectiveKind::kDeadline) {
    const std::vector<double> latencies =
        normalised_latencies(result, load_test_.level(), load_test_.window());
    return {.score = -nearest_rank(latencies, kTargetAttainment), .tie_break = tie_break};
  }
  const double attainment = slo_attainment(result, load_test_.level(), load_test_.window());
  if (objective_ == ObjectiveKind::kAttainment) {
    return {.score = attainment, .tie_break = tie_break};
  }
  const double score = attainment >= kTargetAttainment ? -used_price_per_hour(plan, cluster_)
                                                       : kTargetMissedScore + attainment;
  return {.score = score, .tie_break = tie_break};
}

}  // namespace hexgen
