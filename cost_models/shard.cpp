#include "cost_models/shard.h"

#include <cassert>

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

}  // namespace hexgen
