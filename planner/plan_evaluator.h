#pragma once

#include "cost_models/objective.h"
#include "planner/evaluator.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "simulator/load_test.h"

namespace hexgen {

/// Share of the requests that must meet the SLO for the objectives rate, deadline and cost.
inline constexpr double kTargetAttainment = 0.99;

/// Share of saturation at which plans miss the target first, where nothing better is known.
inline constexpr double kUsualLoad = 0.7;

/// Scores plans by discrete-event simulation of one draw of requests. Score and tie-break:
/// - attainment: share of requests that meet the SLO; then low mean normalised latency.
/// - rate: highest request rate at the target attainment, on a ladder of steps of 1 % around the
///   workload's rate, 0 when even a thousandth of it is too much; then low mean normalised latency
///   at the workload's rate.
/// - deadline: minus the smallest SLO scale at the target; then low mean normalised latency.
/// - cost: minus the price per hour of the nodes used, when the target is met at the workload's
///   rate; otherwise far below every plan that meets it, by attainment.
/// Normalised latency is E2E over the latency on the reference deployment; E2E itself counts where
/// the service level has no reference. An empty plan scores lower than any other.
class PlanEvaluator final : public Evaluator {
 public:
  /// Keeps references to `model` and `cluster`. The objective deadline needs a reference in the
  /// service level.
  PlanEvaluator(const ModelSpec& model,
                const Cluster& cluster,
                LoadTest load_test,
                ObjectiveKind objective,
                LayerTables tables = {});

  Objective evaluate(const Plan& plan) const override;

  /// The same. The highest rate is looked for around `usual_load`, which takes the fewer
  /// simulations the nearer it is.
  Objective evaluate(const Plan& plan, double usual_load) const;

  /// Share of saturation, by mean requests, at which the plan misses the target, to 2 %; kUsualLoad
  /// when it never meets it.
  double load_at_target(const Plan& plan) const;

  const LoadTest& load_test() const { return load_test_; }

  /// False for scores of plans that cannot serve: empty ones.
  static bool feasible(const Objective& objective);

  /// False for scores of plans that miss the target where that comes first (objective cost).
  static bool on_target(const Objective& objective);

 private:
  /// How rates are tried, in steps of the ladder.
  struct Gallop {
    double load = kUsualLoad;  // of saturation, at first
    int stride = 8;            // in steps; doubled each time
    int rungs = 1;             // a step
  };

  double highest_rate(const ServingSystem& system, const Gallop& gallop) const;
  double saturation_rate(const ServingSystem& system) const;
  double mean_latency(const SimulationResult& result) const;

  const ModelSpec& model_;
  const Cluster& cluster_;
  LoadTest load_test_;
  ObjectiveKind objective_;
  LayerTables tables_;
  RequestSpec mean_request_;
};

}  // namespace hexgen
