#include "planner/warm_search.h"

#include <cmath>
#include <optional>

#include "planner/evolution.h"
#include "planner/grow_group.h"
#include "planner/near_weights.h"
#include "planner/repair.h"

namespace hexgen {
namespace {

/// What runs is rarely improved by every device that lies idle, so no move forces them on it.
SearchSpace with_idle_devices(SearchSpace space) {
  space.may_leave_idle = true;
  return space;
}

}  // namespace

WarmSearch::WarmSearch(const Planning& planning, HeldShards held, double score_per_byte)
    : planning_(planning),
      held_(std::move(held)),
      score_per_byte_(score_per_byte),
      space_(with_idle_devices(planning.space())) {}

Individual WarmSearch::start() const {
  Individual individual;
  for (const RunningPipeline& running : planning_.running().all()) {
    individual.groups.push_back(running.group);
  }
  normalise(individual);
  return individual;
}

Plan WarmSearch::plan(const Individual& individual) const {
  const Plan plan = planning_.plan(individual);
  const PlanningRequest& request = planning_.request();
  std::vector<bool> stays(held_.size(), false);
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    if (!planning_.running().has_name(pipeline.name)) {
      continue;
    }
    for (const Stage& stage : pipeline.stages) {
      for (const int device : stage.devices) {
        stays[static_cast<std::size_t>(device)] = true;
      }
    }
  }
  return keep_equal(near_weights(plan, request.model, request.cluster, held_, stays));
}

/// A group with devices to spare may end up with the stages of a running pipeline: it is that one.
Plan WarmSearch::keep_equal(const Plan& plan) const {
  std::vector<PipelineGroup> pipelines = plan.pipelines();
  for (PipelineGroup& pipeline : pipelines) {
    for (const RunningPipeline& running : planning_.running().all()) {
      if (running.pipeline.stages == pipeline.stages) {
        const double weight = pipeline.weight;
        pipeline = running.pipeline;
        pipeline.weight = weight;
      }
    }
  }
  const PlanningRequest& request = planning_.request();
  return {std::move(pipelines), request.model.num_layers, request.cluster.num_devices()};
}

Objective WarmSearch::fitness(const Individual& individual) const {
  const Plan plan = this->plan(individual);
  const double bytes = bytes_to_load(planning_.request().model, plan, held_);
  Objective fitness = planning_.fitness(plan);
  if (score_per_byte_ == 0) {
    fitness.tie_break = -bytes;
  } else if (PlanEvaluator::on_target(fitness)) {
    fitness.score -= score_per_byte_ * bytes;
  }
  return fitness;
}

/// The unit of Planning's estimate may differ from the score's, so the share of a plan that is not
/// loaded counts instead: of two plans with about the same estimate the one that loads less.
double WarmSearch::estimate(const Individual& individual) const {
  const double estimate = planning_.estimate(individual);
  const PlanningRequest& request = planning_.request();
  const double bytes = bytes_to_load(request.model, plan(individual), held_);
  constexpr double kWorthOfACopy = 0.02;
  return estimate - kWorthOfACopy * bytes / copy_bytes(request.model) * std::abs(estimate);
}

Individual WarmSearch::random_start(Random& random) const {
  Individual individual = start();
  DeviceGroup idle = idle_devices(individual, space_.cluster);
  while (std::optional<DeviceGroup> group = grow_group(idle, space_, random)) {
    individual.groups.push_back(std::move(*group));
  }
  if (random.chance(0.5)) {
    repair(individual, space_, random);  // what is left over may join the nearest group
  }
  normalise(individual);
  return individual;
}

SearchResult WarmSearch::run(const Fitness& fitness,
                             const SearchSettings& settings,
                             const std::function<void(const GenerationReport&)>& on_generation,
                             const std::atomic<bool>& stop) const {
  SearchStrategy strategy = evolutionary_strategy(
      space_, [this](const Individual& individual) { return estimate(individual); });
  strategy.start = [this](Random& random) { return random_start(random); };
  strategy.seeds = {start()};
  return evolve(strategy, fitness, settings, on_generation, stop);
}

}  // namespace hexgen
