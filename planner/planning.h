#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cost_models/plan.h"
#include "planner/evaluate.h"
#include "planner/layout_cache.h"
#include "planner/pipeline_choice.h"
#include "planner/plan_constraints.h"
#include "planner/plan_evaluator.h"
#include "planner/request_division.h"
#include "planner/running_pipelines.h"
#include "planner/search_space.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "profiles/workload.h"

namespace hexgen {

/// What a plan is searched for.
struct PlanningRequest {
  ModelSpec model;
  Cluster cluster;
  Workload workload;  // with the SLO that counts
  /// The requests that every plan is tested with, drawn from the workload.
  std::vector<RequestSpec> requests;
  std::vector<StageCost> reference_stages;  // of the SLO's reference deployment
  ObjectiveKind objective = ObjectiveKind::kAttainment;
  LayoutRule layouts = LayoutRule::kFree;
  GroupRule groups;             // which nodes may share a pipeline
  std::vector<int> tp_degrees;  // that stages may have; empty: any
  PlanConstraints constraints;
  SimulationOptions simulation;
  int max_batch = 256;  // requests in flight a pipeline, at most
  MemoryPolicy memory;
  LayerTables tables;                  // measured times, where there are some
  std::vector<PipelineGroup> running;  // serve already, and stay where a group is one of them
};

/// All that turns a partition of the devices into a plan and the plan into its fitness. Thread-safe
/// once made.
class Planning {
 public:
  /// Throws InputError when the objective needs limits that the SLO does not give.
  explicit Planning(PlanningRequest request);

  Planning(const Planning&) = delete;
  Planning& operator=(const Planning&) = delete;

  const PlanningRequest& request() const { return request_; }

  const SearchSpace& space() const { return space_; }

  const PlanEvaluator& evaluator() const { return evaluator_; }

  const RunningPipelines& running() const { return running_; }

  const DivisionGoal& goal() const { return goal_; }

  Plan plan(const Individual& individual) const;

  /// What a group can do, remembered.
  LayoutCache::Answer choices(const DeviceGroup& group) const { return layouts_.choices(group); }

  /// That of the evaluator; plans that break a constraint score lower than all that keep to them,
  /// by how far they are from it.
  Objective fitness(const Plan& plan) const;

  Objective fitness(const Individual& individual) const { return fitness(plan(individual)); }

  /// Where evaluations look for the highest rate (PlanEvaluator::evaluate()); found when first
  /// asked for.
  double usual_load() const;

  /// Rough fitness without simulation. Objective rate: the rate expected to be served within the
  /// limits; others: minus the latency that 99 % are expected to stay within at the workload's
  /// rate; cost: minus the price of the nodes used, if that latency is within the limit.
  double estimate(const Individual& individual) const;

  /// Requests per second that the group is expected to serve as one pipeline: within the limits, 0
  /// when it misses them, or `in_time` or not. 0 when it cannot hold the model.
  double expected_rate_per_s(const DeviceGroup& group, bool in_time = true) const;

  /// Requests per second that no plan serves in the long run, 99 % of them within the SLO but for
  /// the objective deadline, which has none (planner/rate_bound.h).
  double upper_bound_per_s() const;

  /// Throws InfeasibleError when the plan is empty or breaks a constraint: no better one was found.
  void require_success(const Plan& plan) const;

  /// Throws InfeasibleError saying how many layers fit and how much memory is missing, when no
  /// pipeline over all devices can hold the model.
  void require_room() const;

 private:
  const PlanningRequest request_;
  ServiceTarget target_;
  DivisionGoal goal_;
  PipelineChooser chooser_;
  mutable LayoutCache layouts_;
  RunningPipelines running_;
  SearchSpace space_;
  PlanEvaluator evaluator_;
  mutable std::once_flag usual_load_known_;
  mutable double usual_load_ = kUsualLoad;
};

}  // namespace hexgen
