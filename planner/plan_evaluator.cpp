#include "planner/plan_evaluator.h"

#include <algorithm>
#include <cmath>

#include "planner/mean_demand.h"
#include "planner/rate_ladder.h"
#include "profiles/portable_math.h"
#include "simulator/work_estimate.h"

namespace hexgen {
namespace {

constexpr double kInfeasibleScore = -1e300;
constexpr double kTargetMissedScore = -1e12;

constexpr double kRejectedLatency = 1000;  // above all that plans are compared by

constexpr double kRateStep = 1.01;
constexpr int kLowestRung = -700;  // 1.01^700 = 1000
constexpr int kHighestRung = 1400;

RequestSpec mean_request(const std::vector<RequestSpec>& requests) {
  const MeanDemand demand = mean_demand(requests);
  return {.prompt_tokens = static_cast<int>(demand.prompt_tokens + 0.5),
          .output_tokens = static_cast<int>(demand.output_tokens + 0.5)};
}

}  // namespace

PlanEvaluator::PlanEvaluator(const ModelSpec& model,
                             const Cluster& cluster,
                             LoadTest load_test,
                             ObjectiveKind objective,
                             LayerTables tables)
    : model_(model),
      cluster_(cluster),
      load_test_(std::move(load_test)),
      objective_(objective),
      tables_(std::move(tables)),
      mean_request_(mean_request(load_test_.requests())) {}

bool PlanEvaluator::feasible(const Objective& objective) {
  return objective.score > kInfeasibleScore;
}

bool PlanEvaluator::on_target(const Objective& objective) {
  return objective.score > kTargetMissedScore / 2;
}

double PlanEvaluator::mean_latency(const SimulationResult& result) const {
  const bool normalised = load_test_.level().has_reference();
  double sum = 0;
  for (const RequestOutcome& request : result.requests) {
    if (!request.completed()) {
      sum += kRejectedLatency;
      continue;
    }
    sum += normalised ? load_test_.level().normalised_latency(request) : request.e2e_s();
  }
  return sum / static_cast<double>(result.requests.size());
}

/// Requests per second at which the first replica is busy all the time with its share of them, as
/// mean requests.
double PlanEvaluator::saturation_rate(const ServingSystem& system) const {
  double weights = 0;
  double busiest_s = 0;  // for one request to the system, times `weights`
  for (const ReplicaModel& replica : system.replicas) {
    const WorkEstimate estimate(replica, make_batch_policy(replica, load_test_.options()));
    const SimTime work = estimate.work(mean_request_.prompt_tokens, mean_request_.output_tokens);
    busiest_s = std::max(busiest_s, replica.weight * to_seconds(work));
    weights += replica.weight;
  }
  return weights / busiest_s;
}

double PlanEvaluator::highest_rate(const ServingSystem& system, const Gallop& gallop) const {
  const RateLadder ladder = {.lowest = kLowestRung / gallop.rungs,
                             .highest = kHighestRung / gallop.rungs};
  const double log_step = gallop.rungs * portable_log(kRateStep);
  const auto rate_at = [&](int step) {
    return load_test_.rate_per_s() * portable_exp(step * log_step);
  };
  const auto passes = [&](int step) {
    return load_test_.sustains(system, rate_at(step), kTargetAttainment);
  };
  const double guess_per_s = gallop.load * saturation_rate(system);
  const int start =
      static_cast<int>(std::clamp(portable_log(guess_per_s / load_test_.rate_per_s()) / log_step,
                                  static_cast<double>(ladder.lowest),
                                  static_cast<double>(ladder.highest)));
  const int passed = highest_rung(ladder, start, gallop.stride, passes);
  return passed < ladder.lowest ? 0 : rate_at(passed);
}

double PlanEvaluator::load_at_target(const Plan& plan) const {
  const ServingSystem system = make_serving_system(plan, model_, cluster_, tables_);
  const double rate_per_s = highest_rate(system, {.stride = 2, .rungs = 4});
  constexpr double kHalfAStep = 1.02;
  return rate_per_s > 0 ? kHalfAStep * rate_per_s / saturation_rate(system) : kUsualLoad;
}

Objective PlanEvaluator::evaluate(const Plan& plan) const {
  return evaluate(plan, kUsualLoad);
}

Objective PlanEvaluator::evaluate(const Plan& plan, double usual_load) const {
  if (plan.empty()) {
    return {.score = kInfeasibleScore};
  }
  const ServingSystem system = make_serving_system(plan, model_, cluster_, tables_);
  const SimulationResult result = load_test_.play(system, load_test_.rate_per_s());
  const double tie_break = -mean_latency(result);
  if (objective_ == ObjectiveKind::kRate) {
    return {.score = highest_rate(system, {.load = usual_load, .stride = 2}),
            .tie_break = tie_break};
  }
  if (objective_ == ObjectiveKind::kDeadline) {
    const std::vector<double> latencies =
        normalised_latencies(result.requests, load_test_.level(), load_test_.window());
    return {.score = -nearest_rank(latencies, kTargetAttainment), .tie_break = tie_break};
  }
  const double attainment =
      slo_attainment(result.requests, load_test_.level(), load_test_.window());
  if (objective_ == ObjectiveKind::kAttainment) {
    return {.score = attainment, .tie_break = tie_break};
  }
  const double score =
      attainment >= kTargetAttainment ? -system.price_per_hour : kTargetMissedScore + attainment;
  return {.score = score, .tie_break = tie_break};
}

}  // namespace hexgen
