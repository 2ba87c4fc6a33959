#include "cost_models/memory.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <string>

#include "cost_models/shard.h"
#include "profiles/errors.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr double kLogitBytes = 4;  // fp32

/// Bytes of one layer's shard; norms are whole on every device.
double layer_weight_bytes(const ModelSpec& model, const Shard& shard) {
  const double hidden = model.hidden_dim;
  const double query = static_cast<double>(shard.query_heads) * model.head_dim;
  const double key_value = 2.0 * shard.kv_heads * model.head_dim;
  const double matrices =
      hidden * (query + key_value) + query * hidden + 3.0 * hidden * shard.ffn_columns;
  const double bias = model.qkv_bias ? query + key_value : 0;
  const double norms = 2 * hidden + (model.qk_norm ? 2.0 * model.head_dim : 0);
  return (matrices + bias + norms) * model.weight_bytes_per_parameter;
}

/// Embedding on the first stage; final norm and LM head on the last. Tied embeddings are stored
/// once when one stage holds both ends.
double end_weight_bytes(const ModelSpec& model, const Shard& shard, StagePosition position) {
  const double table = static_cast<double>(shard.vocab_rows) * model.hidden_dim;
  const bool shared = position.first && position.last && model.tied_embeddings;
  double parameters = 0;
  if (position.first) {
    parameters += table;
  }
  if (position.last) {
    parameters += model.hidden_dim + (shared ? 0 : table);
  }
  return parameters * lm_head_bytes_per_parameter(model);
}

/// Residual, its norm, and the widest intermediate of a layer; logits on the last stage.
double activation_bytes(const ModelSpec& model,
                        const Shard& shard,
                        StagePosition position,
                        const MemoryPolicy& policy) {
  const double attention = 2.0 * (shard.query_heads + shard.kv_heads) * model.head_dim;
  const double mlp = 3.0 * shard.ffn_columns;
  const double row =
      (2.0 * model.hidden_dim + std::max(attention, mlp)) * model.activation_bytes_per_element;
  const double logits =
      position.last ? static_cast<double>(policy.logit_rows) * model.vocab_size * kLogitBytes : 0;
  return static_cast<double>(policy.activation_tokens) * row + logits;
}

std::string gb(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", bytes / kGiga);
  return text;
}

void check_stage(const StageMemory& memory,
                 const std::string& path,
                 const Cluster& cluster,
                 std::int64_t kv_tokens) {
  const double kv_bytes = memory.kv_bytes_per_token * static_cast<double>(kv_tokens);
  const double missing = kv_bytes - memory.free_bytes();
  if (missing <= 0) {
    return;
  }
  throw InfeasibleError(path + ": device " + cluster.device_name(memory.device) + " (" +
                        cluster.gpu_of(memory.device).name + ") needs " +
                        gb(memory.capacity_bytes + missing) + " GB (weights " +
                        gb(memory.weight_bytes) + ", KV of " + std::to_string(kv_tokens) +
                        " tokens " + gb(kv_bytes) + ", activations " + gb(memory.activation_bytes) +
                        ", reserve " + gb(memory.reserve_bytes) + ") and has " +
                        gb(memory.capacity_bytes) + " GB: " + gb(missing) + " GB are missing");
}

}  // namespace

std::int64_t StageMemory::kv_capacity_tokens() const {
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(free_bytes() / kv_bytes_per_token));
}

StageMemory stage_memory(const ModelSpec& model,
                         const Cluster& cluster,
                         const std::vector<int>& devices,
                         int num_layers,
                         StagePosition position,
                         const MemoryPolicy& policy,
                         const std::vector<int>& shares) {
  assert(!devices.empty());
  const auto smallest = std::min_element(devices.begin(), devices.end(), [&](int a, int b) {
    return cluster.gpu_of(a).memory_bytes < cluster.gpu_of(b).memory_bytes;
  });
  const Shard shard = shares.empty() ? fullest_shard(model, static_cast<int>(devices.size()))
                                     : fullest_shard(model, shares);
  return {.device = *smallest,
          .capacity_bytes = cluster.gpu_of(*smallest).memory_bytes,
          .weight_bytes = num_layers * layer_weight_bytes(model, shard) +
                          end_weight_bytes(model, shard, position),
          .activation_bytes = activation_bytes(model, shard, position, policy),
          .reserve_bytes = policy.reserve_bytes,
          .kv_bytes_per_token =
              2.0 * num_layers * shard.kv_heads * model.head_dim * model.kv_bytes_per_element};
}

std::vector<StageMemory> pipeline_memory(const ModelSpec& model,
                                         const Cluster& cluster,
                                         const PipelineGroup& pipeline,
                                         const MemoryPolicy& policy) {
  std::vector<StageMemory> stages;
  stages.reserve(pipeline.stages.size());
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    const Stage& stage = pipeline.stages[s];
    const StagePosition position = {.first = s == 0, .last = s + 1 == pipeline.stages.size()};
    stages.push_back(stage_memory(
        model, cluster, stage.devices, stage.num_layers, position, policy, stage.shares));
  }
  return stages;
}

std::int64_t kv_capacity_tokens(const std::vector<StageMemory>& stages) {
  std::int64_t tokens = stages.empty() ? 0 : stages.front().kv_capacity_tokens();
  for (const StageMemory& stage : stages) {
    tokens = std::min(tokens, stage.kv_capacity_tokens());
  }
  return tokens;
}

void finish_pipeline(PipelineGroup& pipeline,
                     const ModelSpec& model,
                     const Cluster& cluster,
                     double request_tokens,
                     const MemoryPolicy& policy) {
  pipeline.kv_capacity_tokens =
      kv_capacity_tokens(pipeline_memory(model, cluster, pipeline, policy));
  const double requests = static_cast<double>(pipeline.kv_capacity_tokens) / request_tokens;
  pipeline.max_batch =
      static_cast<int>(std::clamp(requests, 1.0, static_cast<double>(policy.max_sequences)));
}

void check_pipeline_memory(const PipelineGroup& pipeline,
                           std::size_t index,
                           const ModelSpec& model,
                           const Cluster& cluster,
                           std::int64_t kv_tokens,
                           const MemoryPolicy& policy) {
  const std::vector<StageMemory> stages = pipeline_memory(model, cluster, pipeline, policy);
  for (std::size_t s = 0; s < stages.size(); ++s) {
    check_stage(stages[s], stage_path(index, s), cluster, kv_tokens);
  }
}

void check_memory(const Plan& plan,
                  const ModelSpec& model,
                  const Cluster& cluster,
                  std::int64_t longest_request_tokens,
                  const MemoryPolicy& policy) {
  for (std::size_t p = 0; p < plan.pipelines().size(); ++p) {
    check_pipeline_memory(plan.pipelines()[p], p, model, cluster, longest_request_tokens, policy);
  }
}

}  // namespace hexgen
