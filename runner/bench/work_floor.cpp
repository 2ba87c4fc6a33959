#include "runner/bench/work_floor.h"

#include <algorithm>
#include <functional>

namespace hexgen {
namespace {

/// Sum over the stages of the largest work of a device.
double sum_of_largest(const PipelineSetup& setup,
                      const std::function<double(const DeviceShard&)>& work) {
  double sum = 0;
  for (int index = 0; index < setup.num_stages(); ++index) {
    const Stage& stage = setup.pipeline.stages[static_cast<std::size_t>(index)];
    const StagePosition position = {.first = index == 0, .last = index + 1 == setup.num_stages()};
    double largest = 0;
    for (int rank = 0; rank < stage.tp_degree(); ++rank) {
      largest = std::max(largest, work(make_shard(setup.model, stage, position, rank)));
    }
    sum += largest;
  }
  return sum;
}

}  // namespace

double decode_step_bytes(const ModelSpec& model, const DeviceShard& shard, double cached_tokens) {
  const bool embedding_is_head = model.tied_embeddings && shard.position.last;
  const double table = embedding_is_head ? 0
                                         : model.weight_bytes_per_parameter *
                                               shard.embedding_rows.count * model.hidden_dim;
  return shard_weight_bytes(model, shard) - table +
         cached_tokens * shard_kv_bytes_per_token(model, shard);
}

double prefill_flops(const ModelSpec& model, const DeviceShard& shard, int prompt_tokens) {
  const double tokens = prompt_tokens;
  const double hidden = model.hidden_dim;
  const double query = static_cast<double>(shard.heads.count) * model.head_dim;
  const double kv = static_cast<double>(shard.kv_heads.count) * model.head_dim;
  const double matrices = hidden * (2 * query + 2 * kv + 3.0 * shard.ffn_columns.count);
  const double pairs = tokens * (tokens + 1) / 2;  // of a query and a key that it sees
  return shard.layers.count * (2 * tokens * matrices + 4 * query * pairs) +
         2 * hidden * shard.lm_head_rows.count;
}

double decode_step_floor_s(const PipelineSetup& setup,
                           double cached_tokens,
                           const Ceilings& ceilings) {
  const double bytes = sum_of_largest(setup, [&](const DeviceShard& shard) {
    return decode_step_bytes(setup.model, shard, cached_tokens);
  });
  return bytes / ceilings.read_bytes_per_s;
}

double prefill_floor_s(const PipelineSetup& setup, int prompt_tokens, const Ceilings& ceilings) {
  const double flops = sum_of_largest(setup, [&](const DeviceShard& shard) {
    return prefill_flops(setup.model, shard, prompt_tokens);
  });
  return flops / ceilings.gemm_flops_per_s;
}

}  // namespace hexgen
