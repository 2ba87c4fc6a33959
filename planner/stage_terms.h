#pragma once

#include <limits>
#include <vector>

#include "cost_models/memory.h"
#include "cost_models/stage_cost.h"
#include "planner/forced_crossing.h"
#include "planner/mean_demand.h"
#include "planner/search_space.h"
#include "simulator/simulation.h"

namespace hexgen {

/// What all plans have in common that a bound is to hold for.
struct ServiceTerms {
  MeanDemand demand;
  BatchPolicyKind policy = BatchPolicyKind::kContinuous;
  int max_batch = 256;          // requests in flight a pipeline, at most
  std::vector<int> tp_degrees;  // that stages may have; empty: any
  MemoryPolicy memory;
  /// Mean E2E latency with which requests can meet the SLO.
  double time_allowed_s = std::numeric_limits<double>::infinity();
};

/// A stage that a node could have.
struct NodeStage {
  int devices = 0;
  double share = 0;  // of the model's layers
  double kv_tokens = 0;
  StageCost cost;
};

/// Nodes that are alike.
struct NodeClass {
  int devices = 0;  // of all of them together
  ForcedCrossing crossing;
  std::vector<NodeStage> options;
};

/// The nodes of the cluster by classes. Stages lie within a node and are priced as middle ones.
std::vector<NodeClass> node_classes(const ModelSpec& model,
                                    const SearchSpace& space,
                                    const ServiceTerms& terms);

/// What a stage contributes to a bound.
struct StageTerms {
  double rate_per_s = 0;  // its term of the pipeline's rate, before limits
  double pass_s = 0;      // that one request spends in it from end to end
  double in_flight = 0;   // requests in the pipeline, as far as this stage limits them
};

/// Terms of stages for the mean request. Keeps a reference to `terms`.
class StageTimes {
 public:
  StageTimes(const ModelSpec& model, const ServiceTerms& terms);

  /// False when so many rows a decode step would need more KV room than the stage has.
  bool has_room(const NodeStage& option, double rows) const;

  /// With `few` to `many` rows a decode step (one batch: requests a batch): `many` for the rate and
  /// `few` for the time of a request, so that the terms are on the high side for all between.
  StageTerms terms(const NodeStage& option,
                   const ForcedCrossing& crossing,
                   double few,
                   double many) const;

  /// Least time of a request alone in a pipeline that makes the crossing and has only stages as
  /// quick as the quickest of `classes`.
  double alone_s(const ForcedCrossing& crossing, const std::vector<NodeClass>& classes) const;

 private:
  double busy_s(const NodeStage& option, double rows) const;
  double pass_s(const StageCost& stage, double rows) const;
  double crossing_pass_s(const ForcedCrossing& crossing, double rows) const;
  double crossing_time_s(const ForcedCrossing& crossing, double rows) const;

  const ServiceTerms& terms_;
  const MeanDemand& demand_;
  double steps_;  // decode steps of a request
  bool one_batch_;
  double token_bytes_;  // activations
};

}  // namespace hexgen
