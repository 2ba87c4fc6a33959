#include "planner/group_rates.h"

#include <algorithm>
#include <cmath>

#include "planner/mean_demand.h"
#include "planner/rate_ladder.h"
#include "profiles/portable_math.h"

namespace hexgen {
namespace {

constexpr std::size_t kRequests = 300;

/// Layouts whose estimate is below this share of the best simulated rate are not simulated.
constexpr double kHopeless = 0.85;

constexpr double kStep = 1.02;
constexpr RateLadder kLadder = {.lowest = -120, .highest = 60};  // a tenth to three times

LoadTest evenly_spaced(const PlanningRequest& request) {
  std::vector<RequestSpec> requests = request.requests;
  requests.resize(std::min(requests.size(), kRequests));
  const double rate_per_s = request.workload.arrivals.rate_per_s;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].arrival_s = static_cast<double>(i) / rate_per_s;
  }
  return {std::move(requests),
          rate_per_s,
          ServiceLevel(request.workload.slo, request.reference_stages),
          request.simulation};
}

}  // namespace

GroupRates::GroupRates(const Planning& planning)
    : planning_(planning),
      load_test_(evenly_spaced(planning.request())) {}

std::vector<GroupRates::Candidate> GroupRates::candidates(const PipelineChoices& choices) const {
  const DivisionGoal& goal = planning_.goal();
  std::vector<Candidate> best(choices.layouts.size());
  for (const OperatingPoint& point : choices.points) {
    constexpr double kShare = 0;  // of all requests: there are many pipelines
    const double rate_per_s = rate_within(point, goal.e2e_s, kShare, goal.policy);
    if (choices.meets && rate_per_s > best[point.layout].rate_per_s) {
      best[point.layout] = {
          .layout = point.layout, .max_batch = point.batch, .rate_per_s = rate_per_s};
    }
  }
  std::erase_if(best, [](const Candidate& candidate) { return candidate.rate_per_s == 0; });
  std::stable_sort(best.begin(), best.end(), [](const Candidate& a, const Candidate& b) {
    return a.rate_per_s > b.rate_per_s;
  });
  return best;
}

GroupRate GroupRates::rate(const DeviceGroup& group) const {
  LayoutCache::Answer answer = planning_.choices(group);
  Candidate best;
  const auto known = rates_.find(answer.choices);
  if (known != rates_.end()) {
    best = known->second;
  } else {
    const std::vector<Candidate> estimated = candidates(*answer.choices);
    if (estimated.empty()) {
      return {};
    }
    best = estimated.front();
    if (sum_estimated_per_s_ > 0) {
      best.rate_per_s *= sum_simulated_per_s_ / sum_estimated_per_s_;
    }
  }
  if (best.rate_per_s == 0) {
    return {};
  }
  return {.rate_per_s = best.rate_per_s,
          .layout = &answer.choices->layouts[best.layout],
          .max_batch = best.max_batch,
          .group = std::move(answer.group)};
}

ServingSystem GroupRates::alone(const LayoutCache::Answer& answer, Candidate& candidate) const {
  const PlanningRequest& request = planning_.request();
  std::vector<int> first_free(static_cast<std::size_t>(request.cluster.num_nodes()), 0);
  const PipelineLayout& layout = answer.choices->layouts[candidate.layout];
  PipelineGroup pipeline = make_pipeline(layout.stages, answer.group, request.cluster, first_free);
  const MeanDemand demand = mean_demand(request.requests);
  finish_pipeline(pipeline,
                  request.model,
                  request.cluster,
                  demand.prompt_tokens + demand.output_tokens,
                  request.memory);
  if (request.simulation.policy == BatchPolicyKind::kContinuous) {
    candidate.max_batch = std::min(pipeline.max_batch, request.max_batch);
  }
  pipeline.name = "alone";
  pipeline.max_batch = candidate.max_batch;
  return make_serving_system(
      {{std::move(pipeline)}, request.model.num_layers, request.cluster.num_devices()},
      request.model,
      request.cluster,
      request.tables);
}

GroupRates::Candidate GroupRates::simulated_best(const LayoutCache::Answer& answer) const {
  Candidate best;
  for (Candidate& candidate : candidates(*answer.choices)) {
    if (candidate.rate_per_s < kHopeless * best.rate_per_s) {
      break;
    }
    const ServingSystem system = alone(answer, candidate);
    const double estimate_per_s = candidate.rate_per_s;
    const auto rate_at = [&](int rung) {
      return estimate_per_s * portable_exp(rung * portable_log(kStep));
    };
    const auto passes = [&](int rung) {
      return load_test_.sustains(system, rate_at(rung), kTargetAttainment);
    };
    RateLadder ladder = kLadder;
    if (best.rate_per_s > 0) {  // only what is better than the best counts
      while (rate_at(ladder.lowest) <= best.rate_per_s) {
        ++ladder.lowest;
      }
      if (!passes(ladder.lowest)) {
        continue;
      }
    }
    const int start = std::max(ladder.lowest, -3);
    const int rung = highest_rung(ladder, start, 3, passes);
    if (rung >= ladder.lowest) {
      candidate.rate_per_s = rate_at(rung);
      best = candidate;
    }
  }
  return best;
}

void GroupRates::simulate(const std::vector<DeviceGroup>& groups, int threads) {
  std::vector<LayoutCache::Answer> unknown;
  std::map<const PipelineChoices*, bool> taken;
  for (const DeviceGroup& group : groups) {
    LayoutCache::Answer answer = planning_.choices(group);
    if (rates_.count(answer.choices) == 0 && taken.emplace(answer.choices, true).second) {
      unknown.push_back(std::move(answer));
    }
  }
  std::vector<Candidate> found(unknown.size());
  parallel_for_each(
      unknown.size(), threads, [&](std::size_t i) { found[i] = simulated_best(unknown[i]); });
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    rates_.emplace(unknown[i].choices, found[i]);
    const std::vector<Candidate> estimated = candidates(*unknown[i].choices);
    sum_estimated_per_s_ += estimated.empty() ? 0 : estimated.front().rate_per_s;
    sum_simulated_per_s_ += found[i].rate_per_s;
  }
}

DeviceGroup used_devices(const PipelineLayout& layout, const DeviceGroup& group) {
  DeviceGroup used;
  for (const PlacedStage& stage : layout.stages) {
    add_devices(used, group[static_cast<std::size_t>(stage.node)].node, stage.tp_degree);
  }
  return used;
}

}  // namespace hexgen
