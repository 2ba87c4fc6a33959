#pragma once

#include <vector>

#include "profiles/model_spec.h"

namespace hexgen {

/// What the fullest device of a tensor-parallel group holds of each tensor. Shards are contiguous
/// ranges, so a degree need not divide anything; the device with the largest range sets the pace.
struct Shard {
  int query_heads = 0;
  int kv_heads = 0;
  int ffn_columns = 0;
  int vocab_rows = 0;
};

/// KV heads are split in ranges and take their query heads along. Beyond one device a KV head, KV
/// heads are replicated and the query heads of each are split among its devices.
/// Example: 64 query and 8 KV heads on 3 devices: 3, 3, 2 KV heads, so the fullest has 24 query
/// heads.
Shard fullest_shard(const ModelSpec& model, int tp_degree);

/// The same for uneven shares (Stage::shares): the most of each tensor that any device holds, by
/// make_shard() of cost_models/device_shard.h.
Shard fullest_shard(const ModelSpec& model, const std::vector<int>& shares);

/// Bytes that the elementwise kernels of one layer move for one token, as elementwise_elements()
/// counts them.
double elementwise_bytes_per_token(const ModelSpec& model, const Shard& shard);

}  // namespace hexgen
