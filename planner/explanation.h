#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "cost_models/extrapolation.h"
#include "planner/binding.h"
#include "planner/search.h"

namespace hexgen {

struct PipelineExplanation {
  std::string name;
  double share = 0;           // of the requests
  double capacity_per_s = 0;  // requests, see pipeline_capacity_per_s()
  double utilisation = 0;     // of its busiest stage, simulated at the workload's rate
  std::vector<Binding> bindings;
};

/// What one more GPU of a type would be worth. The plan is searched anew with the GPU in each node
/// of its type that has fewer than eight, and with it in a node of its own next to a node of each
/// region: linked like that one, and with it by that one's best link to another node.
struct MarginalGpu {
  std::string gpu_type;
  std::string place;  // where the gain is largest, "in no-0" or "next to ic-0"; empty: nowhere
  double gain = 0;    // of the score
  double price_per_hour = 0;  // of the cheapest such GPU in the cluster
};

/// The best plan whose groups differ from the plan's in GPU types or numbers.
struct RunnerUp {
  Plan plan;
  double score = 0;
  double capacity_per_s = 0;  // summed over its pipelines
};

struct Explanation {
  double score = 0;       // of the plan, by the objective
  double best_score = 0;  // of the best plan found near it, which the marginal gains are over
  double capacity_per_s = 0;
  std::vector<PipelineExplanation> pipelines;
  std::vector<MarginalGpu> marginal_gpus;
  std::optional<RunnerUp> runner_up;
  std::vector<Extrapolation> extrapolations;  // of the plan, for mean requests
};

/// Why a plan over `request`'s cluster is as it is, and what would make it better, by searches that
/// start from it. Deterministic, whatever the number of threads.
Explanation explain(const Plan& plan,
                    const PlanningRequest& request,
                    const SearchSettings& settings,
                    const std::atomic<bool>& stop);

}  // namespace hexgen
