#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "planner/cluster_change.h"
#include "planner/planning.h"
#include "planner/search.h"
#include "planner/weight_transfer.h"

namespace hexgen {

enum class PipelineFate {
  kKept,     // same devices, layers and name
  kChanged,  // some of its devices serve other layers or with other devices
  kNew,      // no device of it held anything of use
  kDropped   // served before
};

struct PipelineChange {
  std::string name;
  PipelineFate fate = PipelineFate::kKept;
  double bytes = 0;  // to be loaded
};

/// What became of a plan; devices are those of the usable cluster.
struct Replanned {
  Plan plan;
  Plan interim;  // what serves until everything is loaded: the kept pipelines as they were
  std::vector<PipelineChange> changes;  // in the order of the plan, then the dropped
  WeightTransfer transfer;
  std::int64_t evaluations = 0;
};

struct ReplanSettings {
  SearchSettings search;
  /// What the score must gain for one copy of the model to be loaded.
  double score_per_copy = 0;
};

/// The best plan on what is left, counting what it takes to get there. `request` is over the usable
/// cluster. Pipelines that lost no device stay as they are unless changing them is worth it; when
/// nothing was lost and nothing joined, all do. Throws InfeasibleError when what is left cannot
/// hold the model.
Replanned replan(const Plan& old,
                 const ClusterChange& change,
                 PlanningRequest request,
                 const ReplanSettings& settings,
                 const std::function<void(const GenerationReport&)>& on_generation,
                 const std::atomic<bool>& stop);

/// A plan over the usable cluster as one over ClusterChange::cluster.
Plan on_cluster(const Plan& plan, const ClusterChange& change, int num_layers);

}  // namespace hexgen
