#pragma once

#include <array>
#include <vector>

namespace hexgen {

/// A layer and the vocabulary on one of `tp_degree` devices.
struct LayerShard {
  int hidden_dim = 0;
  int ffn_dim = 0;  // of the shard, as all below
  int num_heads = 0;
  int num_kv_heads = 0;
  int vocab_rows = 0;

  static constexpr int kHeadDim = 128;

  int query_dim() const { return num_heads * kHeadDim; }

  int kv_dim() const { return num_kv_heads * kHeadDim; }
};

/// The shards that a profile times: Llama-2-7B, 13B and 70B at TP 1, 2, 4 and 8.
inline std::vector<LayerShard> family_shards() {
  constexpr std::array<LayerShard, 3> kModels = {
      {{4096, 11008, 32, 32, 32000}, {5120, 13824, 40, 40, 32000}, {8192, 28672, 64, 8, 32000}}};
  std::vector<LayerShard> shards;
  for (const LayerShard& model : kModels) {
    for (const int tp_degree : {1, 2, 4, 8}) {
      shards.push_back({.hidden_dim = model.hidden_dim,
                        .ffn_dim = model.ffn_dim / tp_degree,
                        .num_heads = model.num_heads / tp_degree,
                        .num_kv_heads = model.num_kv_heads / tp_degree,
                        .vocab_rows = model.vocab_rows / tp_degree});
    }
  }
  return shards;
}

}  // namespace hexgen
