#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "cost_models/memory.h"
#include "cost_models/stage_cost.h"
#include "planner/device_group.h"
#include "planner/layout_problem.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// What layouts are made for.
struct LayoutTargets {
  double prompt_tokens = 128;  // the reference request whose latency counts ...
  double output_tokens = 64;
  double batch = 1;                             // ... in a batch of this many
  BatchShape iteration = decode_shape(1, 160);  // the iteration whose slowest stage counts
  MemoryPolicy memory;
  bool symmetric = false;
  std::vector<int> tp_degrees;  // that stages may have; empty: any
  LayerTables tables;           // measured times, where there are some

  bool allows(int tp_degree) const;
};

/// Prices of all stages a cluster can make, computed once by the cost models, from which the layout
/// problem of any group is put together in microseconds. Immutable, so safe to share among threads.
/// Keeps references to `model` and `cluster`.
class StageTables {
 public:
  StageTables(const ModelSpec& model, const Cluster& cluster, const LayoutTargets& targets);

  /// `min_kv_tokens` of KV cache must fit beside the weights on every stage.
  LayoutProblem problem(const DeviceGroup& group, std::int64_t min_kv_tokens) const;

 private:
  /// tp_degree devices of a node type, wherever the node stands.
  struct Profile {
    double latency_s_per_layer = 0;
    double iteration_s_per_layer = 0;
    std::array<RoleLimits, kNumStageRoles> roles{};                   // without max_layers
    std::array<std::vector<std::int64_t>, kNumStageRoles> kv_tokens;  // [role][layers - 1]
  };

  using ProfileKey = std::tuple<int, int, int>;  // GPU type, intra link, TP degree

  ProfileKey key_of(int node, int tp_degree) const;
  Profile make_profile(int node, int tp_degree) const;
  double request_s(const StageCost& stage) const;
  void add_handoffs(const DeviceGroup& group, LayoutProblem& problem) const;

  const ModelSpec& model_;
  const Cluster& cluster_;
  LayoutTargets targets_;
  std::map<ProfileKey, Profile> profiles_;
};

/// A stage on devices of the group's node `node` (its position in the group).
struct PlacedStage {
  int node = 0;
  int tp_degree = 1;
  int num_layers = 0;

  bool operator==(const PlacedStage&) const = default;
};

std::vector<PlacedStage> place(const LayoutProblem& problem, const Layout& layout);

/// The stages on devices of the cluster. `first_free[n]` is the next unused device index of node n
/// and is advanced.
PipelineGroup make_pipeline(const std::vector<PlacedStage>& stages,
                            const DeviceGroup& group,
                            const Cluster& cluster,
                            std::vector<int>& first_free);

}  // namespace hexgen
