#pragma once

#include "kernels/kv_cache.h"

namespace hexgen::kernels {

/// Sizes of causal grouped-query attention of several sequences, each with any number of new tokens
/// (queries) behind any number of cached ones: whole prompts, chunks of them and decode steps
/// alike. num_heads is a multiple of num_kv_heads.
struct PrefillAttentionShape {
  int num_sequences = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;
  int max_blocks = 0;   // row length of the block table: KV blocks of the longest context
  int max_queries = 0;  // of one sequence

  int group() const { return num_heads / num_kv_heads; }
};

/// The queries of all sequences stand one after the other. The keys and values of the new tokens
/// are in the cache already; query i of n sees the first context_tokens - n + 1 + i tokens.
template <typename T>
struct PrefillAttentionData {
  const T* q = nullptr;  // [queries, num_heads, head_dim]
  KvCache<const T> cache;
  const int* block_table = nullptr;     // [num_sequences, max_blocks], indices of blocks
  const int* query_starts = nullptr;    // [num_sequences + 1], queries of all sequences
  const int* context_tokens = nullptr;  // [num_sequences], cached tokens with the new ones
  T* out = nullptr;                     // as q
};

}  // namespace hexgen::kernels
