#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/plan.h"
#include "cost_models/stage_cost.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// What is kept free of weights, KV cache and activations on every device.
struct MemoryPolicy {
  double reserve_bytes = 0.75e9;          // CUDA context, communicator buffers, fragmentation
  std::int64_t activation_tokens = 2048;  // rows of the largest iteration (prefill chunk)
  std::int64_t logit_rows = 64;           // rows of fp32 logits kept on the last stage
  int max_sequences = 256;                // requests in flight at most, as engines limit them
};

/// Memory of the fullest device of a stage, bytes a device.
struct StageMemory {
  int device = -1;            // the device that has least room for KV
  double capacity_bytes = 0;  // of that device
  double weight_bytes =
      0;  // shard of the layers, the embedding on the first and the LM head on the last stage
  double activation_bytes = 0;
  double reserve_bytes = 0;
  double kv_bytes_per_token =
      0;  // shard of the stage's layers; KV heads are replicated when tp_degree exceeds them

  double free_bytes() const {
    return capacity_bytes - weight_bytes - activation_bytes - reserve_bytes;
  }

  /// Tokens of KV cache that fit; negative free memory gives 0.
  std::int64_t kv_capacity_tokens() const;
};

/// With uneven `shares` (Stage::shares) the largest shard counts, on the smallest device; what each
/// device really holds is in device_shard.h.
StageMemory stage_memory(const ModelSpec& model,
                         const Cluster& cluster,
                         const std::vector<int>& devices,
                         int num_layers,
                         StagePosition position,
                         const MemoryPolicy& policy = {},
                         const std::vector<int>& shares = {});

/// Memory of every stage of a pipeline; its KV capacity is the minimum over them.
std::vector<StageMemory> pipeline_memory(const ModelSpec& model,
                                         const Cluster& cluster,
                                         const PipelineGroup& pipeline,
                                         const MemoryPolicy& policy = {});
std::int64_t kv_capacity_tokens(const std::vector<StageMemory>& stages);

/// Sets kv_capacity_tokens to the KV room of the fullest stage, and max_batch to the number of
/// average requests that fit in it: kv_capacity_tokens / request_tokens rounded down, at least 1,
/// at most policy.max_sequences. `request_tokens`: mean of prompt plus output of the workload.
void finish_pipeline(PipelineGroup& pipeline,
                     const ModelSpec& model,
                     const Cluster& cluster,
                     double request_tokens,
                     const MemoryPolicy& policy = {});

/// Throws InfeasibleError for the first stage of pipelines[index] without room for its weights and
/// `kv_tokens` of KV.
void check_pipeline_memory(const PipelineGroup& pipeline,
                           std::size_t index,
                           const ModelSpec& model,
                           const Cluster& cluster,
                           std::int64_t kv_tokens,
                           const MemoryPolicy& policy = {});

/// Throws InfeasibleError for the first stage without room for its weights and
/// `longest_request_tokens` of KV: `pipelines[0].stages[2]: device il-2:0 (RTX-A4000) needs 18.3
/// GB (weights 17.1, KV of 128 tokens 0.0, ...) and has 16.0 GB: 2.3 GB are missing`.
void check_memory(const Plan& plan,
                  const ModelSpec& model,
                  const Cluster& cluster,
                  std::int64_t longest_request_tokens,
                  const MemoryPolicy& policy = {});

}  // namespace hexgen
