#pragma once

#include "kernels/bfloat16.h"

namespace hexgen::kernels {

/// Tokens of one block of the paged KV cache.
inline constexpr int kKvBlockTokens = 16;

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

/// One new token a sequence, and its cached tokens. Device memory aligned to 16 bytes on a GPU.
struct DecodeAttentionData {
  const Bfloat16* q = nullptr;          // [num_sequences, num_heads, head_dim]
  const Bfloat16* k_blocks = nullptr;   // [blocks, num_kv_heads, kKvBlockTokens, head_dim]
  const Bfloat16* v_blocks = nullptr;   // the same
  const int* block_table = nullptr;     // [num_sequences, max_blocks], indices of blocks
  const int* context_tokens = nullptr;  // [num_sequences], at most max_blocks * kKvBlockTokens
  Bfloat16* out = nullptr;              // [num_sequences, num_heads, head_dim]
};

}  // namespace hexgen::kernels
