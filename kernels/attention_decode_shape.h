#pragma once

#include "kernels/kv_cache.h"

namespace hexgen::kernels {

/// Sizes of one decode step of grouped-query attention. num_heads is a multiple of num_kv_heads;
/// head_dim is 64 or 128 on a GPU.
struct DecodeAttentionShape {
  int num_sequences = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  int max_blocks = 0;  // row length of the block table: KV blocks of the longest context
  int num_splits = 1;  // parts that the GPU cuts each context into and works on side by side

  int group() const { return num_heads / num_kv_heads; }
};

/// One new token a sequence, and its cached tokens (its own among them).
template <typename T>
struct DecodeAttentionData {
  const T* q = nullptr;  // [num_sequences, num_heads, head_dim]
  KvCache<const T> cache;
  const int* block_table = nullptr;     // [num_sequences, max_blocks], indices of blocks
  const int* context_tokens = nullptr;  // [num_sequences], at most max_blocks * kKvBlockTokens
  T* out = nullptr;                     // [num_sequences, num_heads, head_dim]
};

}  // namespace hexgen::kernels
