#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "planner/device_group.h"
#include "planner/stage_tables.h"
#include "simulator/serving_system.h"
#include "simulator/simulation.h"

namespace hexgen {

/// Which layouts a pipeline may have.
enum class LayoutRule {
  kFree,
  kSymmetric,  // one TP degree, and layers that differ by at most one
  kUniform     // those of the released optimizer: planner/baselines.h
};

/// What a pipeline is chosen for: one request that stands for the workload, and its limits.
struct ServiceTarget {
  double prompt_tokens = 128;  // mean of the workload
  double output_tokens = 64;   // mean of the workload
  std::int64_t longest_request_tokens = 192;
  std::optional<double> ttft_s;
  std::optional<double> tpot_s;
  std::optional<double> e2e_s;
  SimulationOptions simulation;  // the batching policy
  int max_batch = 256;           // at most so many requests in flight a pipeline
  MemoryPolicy memory;
  LayoutRule layouts = LayoutRule::kFree;
};

/// How one pipeline is expected to do with a number of requests in flight, without simulation.
struct PipelineEstimate {
  double request_s = 0;       // from start to last token of a mean request
  double first_token_s = 0;   // prefill alone
  double token_s = 0;         // between two tokens
  double capacity_per_s = 0;  // requests

  bool meets(const ServiceTarget& target) const;
};

/// Estimate with `batch` mean requests in flight. One batch: they prefill and decode together.
/// Continuous: they decode in as many micro-batches as there are stages, the slowest stage or the
/// way through all stages sets the pace, and prefills take their share of every stage.
PipelineEstimate estimate_pipeline(const std::vector<StageCost>& stages,
                                   const ServiceTarget& target,
                                   int batch);

/// The layout of a group that serves the target best.
struct PipelineChoice {
  std::vector<PlacedStage> stages;
  int max_batch = 1;
  std::int64_t kv_capacity_tokens = 0;
  double capacity_per_s = 0;  // requests, with max_batch in flight
  double request_s = 0;       // of a request then
  /// E2E limit minus request_s: how long a request may wait. Infinite without a limit, below 0 when
  /// the limits cannot be met.
  double slack_s = 0;
};

/// Requests per second at which 99 % of the waits stay within the slack, when the pipeline gets a
/// `share` of all requests by weighted round robin. The gaps between its requests are then sums of
/// 1 / share Poisson gaps, with squared coefficient of variation `share`, and the tail of the wait
/// falls as exp(-2 (1 - load) / (load * share) * slack / service) (Kingman's heavy-traffic form,
/// constant service). Batching continuously there is no such queue: the capacity itself.
double rate_within_slack(const PipelineChoice& choice, double share, BatchPolicyKind policy);

/// Chooses layouts. Candidates are the fronts of lowest latency and lowest bottleneck for several
/// batch sizes, with KV room for the batch; of these, the one that carries the highest request rate
/// within the target's limits, or has the lowest latency when none meets them. Thread-safe.
class PipelineChooser {
 public:
  /// Keeps references to `model` and `cluster`.
  PipelineChooser(const ModelSpec& model, const Cluster& cluster, const ServiceTarget& target);

  /// Nothing when no layout of the group fits. The choice depends only on what the group's nodes
  /// are and how they are linked, not on which nodes they are.
  std::optional<PipelineChoice> choose(const DeviceGroup& group) const;

  /// Largest share of the model's layers that one device of the node can hold, beside the KV cache
  /// of the longest request.
  double model_share(int node) const;

  /// Most layers that one pipeline over the group can hold.
  int most_layers(const DeviceGroup& group) const;

 private:
  struct BatchLevel {
    std::int64_t min_kv_tokens = 0;
    StageTables tables;
  };

  struct Candidate {
    PipelineChoice choice;
    bool meets = false;
    double rate_per_s = 0;  // within the slack, for a pipeline among several
    double alone_s = 0;     // latency of a request alone

    bool better_than(const Candidate& other) const;
  };

  std::vector<Layout> candidates(const LayoutProblem& problem) const;
  Candidate judge(const std::vector<PlacedStage>& stages, const DeviceGroup& group) const;

  const ModelSpec& model_;
  const Cluster& cluster_;
  ServiceTarget target_;
  std::vector<BatchLevel> levels_;
};

}  // namespace hexgen
