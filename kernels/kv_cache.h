#pragma once

namespace hexgen::kernels {

/// Tokens of one block of the paged KV cache.
inline constexpr int kKvBlockTokens = 16;

/// The keys and values of one layer on one device, in blocks that sequences own through block
/// tables. T: float on a CPU, Bfloat16 or Float16 on a GPU (in memory aligned to 16 bytes).
template <typename T>
struct KvCache {
  T* k = nullptr;  // [blocks, num_kv_heads, kKvBlockTokens, head_dim]
  T* v = nullptr;  // the same
};

/// Where the keys and values of a token lie: a slot is block * kKvBlockTokens + index in the block.
constexpr int kNoSlot = -1;  // of a token that is not kept

}  // namespace hexgen::kernels
