#include "planner/planning.h"

#include <algorithm>
#include <cstdio>

#include "cost_models/price.h"
#include "planner/plan_builder.h"
#include "planner/population.h"
#include "planner/rate_bound.h"
#include "profiles/errors.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

/// Below every estimate of an individual that serves the workload.
constexpr double kOverloaded = -1e12;

/// Below every score and estimate of a plan that keeps to the constraints.
constexpr double kConstraintBroken = -1e100;

void require_limits(const PlanningRequest& request) {
  const Slo& slo = request.workload.slo;
  const bool limited = slo.ttft_s || slo.tpot_s || slo.e2e_s || slo.scale;
  if (!limited && request.objective != ObjectiveKind::kDeadline) {
    throw InputError("workload " + request.workload.name +
                     ": slo: empty, expected a limit to plan for (or give one with --slo)");
  }
}

std::int64_t longest_request_tokens(const PlanningRequest& request) {
  const std::int64_t longest = std::int64_t{request.workload.prompt_tokens.longest()} +
                               request.workload.output_tokens.longest();
  const int context = request.model.max_context_tokens;
  return context > 0 ? std::min<std::int64_t>(longest, context) : longest;
}

/// Length that 99 % of the prompts do not exceed, by nearest rank.
double tail_prompt_tokens(const std::vector<RequestSpec>& requests) {
  std::vector<double> lengths;
  for (const RequestSpec& request : requests) {
    lengths.push_back(request.prompt_tokens);
  }
  std::sort(lengths.begin(), lengths.end());
  return nearest_rank(lengths, kTargetAttainment);
}

ServiceTarget service_target(const PlanningRequest& request) {
  const MeanDemand demand = mean_demand(request.requests);
  const Slo& slo = request.workload.slo;
  ServiceTarget target = {.prompt_tokens = demand.prompt_tokens,
                          .output_tokens = demand.output_tokens,
                          .tail_prompt_tokens = tail_prompt_tokens(request.requests),
                          .longest_request_tokens = longest_request_tokens(request),
                          .ttft_s = slo.ttft_s,
                          .tpot_s = slo.tpot_s,
                          .simulation = request.simulation,
                          .max_batch = request.max_batch,
                          .memory = request.memory,
                          .layouts = request.layouts,
                          .tp_degrees = request.tp_degrees,
                          .tables = request.tables};
  target.e2e_s = slo.e2e_s.value_or(target.e2e_s);
  if (slo.scale && request.objective != ObjectiveKind::kDeadline) {
    const double reference_s =
        request_latency(request.reference_stages, demand.prompt_tokens, demand.output_tokens)
            .total_s();
    target.e2e_s = std::min(target.e2e_s, *slo.scale * reference_s);
  }
  return target;
}

SearchSpace search_space(const PlanningRequest& request,
                         const PipelineChooser& chooser,
                         double prompt_tokens) {
  const double activation_bytes =
      prompt_tokens * request.model.hidden_dim * request.model.activation_bytes_per_element;
  SearchSpace space = {.cluster = request.cluster,
                       .graph = ClusterGraph(request.cluster, activation_bytes),
                       .model_share = {},
                       .kind = node_kinds(request.cluster, request.groups),
                       .may_leave_idle = request.objective == ObjectiveKind::kCost ||
                                         request.constraints.max_price_per_hour.has_value()};
  for (int node = 0; node < request.cluster.num_nodes(); ++node) {
    space.model_share.push_back(chooser.model_share(node));
  }
  return space;
}

LoadTest load_test(const PlanningRequest& request) {
  return {request.requests,
          request.workload.arrivals.rate_per_s,
          ServiceLevel(request.workload.slo, request.reference_stages),
          request.simulation};
}

std::string gb(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", bytes / kGiga);
  return text;
}

}  // namespace

Planning::Planning(PlanningRequest request)
    : request_((require_limits(request), std::move(request))),
      target_(service_target(request_)),
      goal_({.objective = request_.objective,
             .policy = request_.simulation.policy,
             .e2e_s = target_.e2e_s,
             .rate_per_s = request_.workload.arrivals.rate_per_s}),
      chooser_(request_.model, request_.cluster, target_),
      layouts_(chooser_, request_.cluster),
      running_(request_.running, chooser_, request_.cluster),
      space_(search_space(request_, chooser_, target_.prompt_tokens)),
      evaluator_(request_.model,
                 request_.cluster,
                 load_test(request_),
                 request_.objective,
                 request_.tables) {}

Plan Planning::plan(const Individual& individual) const {
  return build_plan(
      individual, layouts_, running_, goal_, request_.cluster, request_.model.num_layers);
}

Objective Planning::fitness(const Plan& plan) const {
  const double broken = violation(plan, request_.cluster, request_.constraints);
  if (broken > 0 && !plan.empty()) {
    return {.score = kConstraintBroken * (1 + broken)};
  }
  return evaluator_.evaluate(plan, usual_load());
}

/// Plans of one cluster for one workload miss the target at much the same load, so that of a random
/// one says where to look. Always the same one, as the start can show in the result.
double Planning::usual_load() const {
  std::call_once(usual_load_known_, [this] {
    if (request_.objective != ObjectiveKind::kRate) {
      return;
    }
    Random random(0, 0, 0);
    const Plan any = plan(network_aware_individual(space_, random));
    if (!any.empty()) {
      usual_load_ = evaluator_.load_at_target(any);
    }
  });
  return usual_load_;
}

void Planning::require_success(const Plan& plan) const {
  const std::string start =
      "model " + request_.model.name + ": no plan found on cluster " + request_.cluster.name();
  if (plan.empty()) {
    throw InfeasibleError(start + " in which a pipeline holds the model under these restrictions");
  }
  if (violation(plan, request_.cluster, request_.constraints) > 0) {
    throw InfeasibleError(start + " that has " + describe(request_.constraints));
  }
}

double Planning::estimate(const Individual& individual) const {
  if (request_.constraints.any()) {
    const double broken = violation(plan(individual), request_.cluster, request_.constraints);
    if (broken > 0) {
      return kConstraintBroken * (1 + broken);
    }
  }
  const RequestDivision expected = expected_division(individual, layouts_, running_, goal_);
  if (request_.objective == ObjectiveKind::kRate) {
    return expected.rate_per_s;
  }
  if (expected.rate_per_s < goal_.rate_per_s) {
    return kOverloaded + expected.rate_per_s;
  }
  if (request_.objective != ObjectiveKind::kCost) {
    return -expected.limit_s;
  }
  return expected.limit_s <= goal_.e2e_s ? -price_per_hour(plan(individual), request_.cluster)
                                         : kOverloaded / 2 - expected.limit_s;
}

double Planning::expected_rate_per_s(const DeviceGroup& group, bool in_time) const {
  const PipelineChoices& choices = *layouts_.choices(group).choices;
  const double limit_s = in_time ? goal_.e2e_s : std::numeric_limits<double>::infinity();
  double highest_per_s = 0;
  for (const OperatingPoint& point : choices.points) {
    if (choices.meets || !in_time) {
      highest_per_s = std::max(highest_per_s, rate_within(point, limit_s, 1, goal_.policy));
    }
  }
  return highest_per_s;
}

double Planning::upper_bound_per_s() const {
  const ServiceTerms terms = {.demand = mean_demand(request_.requests),
                              .policy = request_.simulation.policy,
                              .max_batch = request_.max_batch,
                              .tp_degrees = request_.tp_degrees,
                              .memory = request_.memory};
  const bool in_time = request_.objective != ObjectiveKind::kDeadline;
  return rate_bound_per_s(request_.model, space_, evaluator_.load_test(), terms, in_time);
}

void Planning::require_room() const {
  const ModelSpec& model = request_.model;
  const DeviceGroup everything = idle_devices({}, request_.cluster);
  const int most = chooser_.most_layers(everything);
  if (most >= model.num_layers) {
    return;
  }
  const double layer_bytes =
      static_cast<double>(layer_parameter_count(model)) * model.weight_bytes_per_parameter +
      kv_bytes_per_token(model) / model.num_layers *
          static_cast<double>(target_.longest_request_tokens);
  const int missing = model.num_layers - most;
  throw InfeasibleError(
      "model " + model.name + " fits nowhere on cluster " + request_.cluster.name() +
      ": one pipeline over all " + std::to_string(request_.cluster.num_devices()) +
      " devices holds " + std::to_string(most) + " of " + std::to_string(model.num_layers) +
      " layers; the other " + std::to_string(missing) + " need " + gb(missing * layer_bytes) +
      " more (weights and the KV cache of one request of " +
      std::to_string(target_.longest_request_tokens) + " tokens)");
}

}  // namespace hexgen
