#include "cost_models/shard.h"

#include <algorithm>
#include <cassert>

#include "cost_models/device_shard.h"
#include "profiles/measured_profile.h"

namespace hexgen {
namespace {

int ceil_div(int amount, int parts) {
  return (amount + parts - 1) / parts;
}

}  // namespace

Shard fullest_shard(const ModelSpec& model, int tp_degree) {
  assert(tp_degree > 0 && model.num_kv_heads > 0);
  const int queries_per_kv_head = ceil_div(model.num_heads, model.num_kv_heads);
  const bool replicated = tp_degree > model.num_kv_heads;
  const int kv_heads = ceil_div(model.num_kv_heads, tp_degree);
  const int devices_per_kv_head = replicated ? tp_degree / model.num_kv_heads : 1;
  return {.query_heads = kv_heads * ceil_div(queries_per_kv_head, devices_per_kv_head),
          .kv_heads = kv_heads,
          .ffn_columns = ceil_div(model.ffn_dim, tp_degree),
          .vocab_rows = ceil_div(model.vocab_size, tp_degree)};
}

Shard fullest_shard(const ModelSpec& model, const std::vector<int>& shares) {
  const Stage stage = {
      .num_layers = 1, .devices = std::vector<int>(shares.size()), .shares = shares};
  Shard fullest;
  for (int rank = 0; rank < stage.tp_degree(); ++rank) {
    const DeviceShard shard = make_shard(model, stage, {}, rank);
    fullest.query_heads = std::max(fullest.query_heads, shard.heads.count);
    fullest.kv_heads = std::max(fullest.kv_heads, shard.kv_heads.count);
    fullest.ffn_columns = std::max(fullest.ffn_columns, shard.ffn_columns.count);
    fullest.vocab_rows = std::max(fullest.vocab_rows, shard.lm_head_rows.count);
  }
  return fullest;
}

double elementwise_bytes_per_token(const ModelSpec& model, const Shard& shard) {
  return model.activation_bytes_per_element *
         elementwise_elements(model.hidden_dim,
                              (shard.query_heads + shard.kv_heads) * model.head_dim,
                              shard.ffn_columns);
}

}  // namespace hexgen
