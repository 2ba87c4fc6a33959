#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost_models/device_shard.h"
#include "cost_models/memory.h"
#include "cost_models/plan.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// What one device would hold; bytes.
struct RankMemory {
  int stage = 0;
  int rank = 0;  // in its stage
  int device = -1;
  DeviceShard shard;
  double capacity_bytes = 0;
  double weight_bytes = 0;
  double activation_bytes = 0;
  double reserve_bytes = 0;
  double kv_bytes_per_token = 0;

  double free_bytes() const {
    return capacity_bytes - weight_bytes - activation_bytes - reserve_bytes;
  }

  /// Tokens of KV cache that fit; negative free memory gives 0.
  std::int64_t kv_capacity_tokens() const;
};

/// One pipeline as its devices would load it.
struct PipelineDryRun {
  std::string name;
  std::int64_t planned_kv_tokens = 0;  // what the plan promises; 0: nothing
  std::vector<RankMemory> ranks;       // by stage, then by rank

  /// The rank with the fewest KV tokens, the first among equals: it bounds the pipeline.
  const RankMemory& binding_rank() const;
};

/// Places the model on the plan's devices without touching a GPU. Activations and reserve are those
/// of the memory model; weights and KV are counted shard by shard.
std::vector<PipelineDryRun> dry_run(const Plan& plan,
                                    const ModelSpec& model,
                                    const Cluster& cluster,
                                    const MemoryPolicy& policy = {});

/// Throws InfeasibleError for the device that lacks most: `pipelines[0].stages[2]: device il-2:0
/// (RTX-A4000) lacks 1200000000 bytes: weights 1.9 GB, ...`. A device must have room for the
/// plan's KV tokens, or for one token where the plan promises none.
void check_fits(const std::vector<PipelineDryRun>& pipelines, const Cluster& cluster);

/// A table a pipeline, for people.
std::string dry_run_table(const std::vector<PipelineDryRun>& pipelines, const Cluster& cluster);

/// The same for programs: `hexgen.dry_run/1`.
std::string dry_run_json(const std::vector<PipelineDryRun>& pipelines, const Cluster& cluster);

}  // namespace hexgen
