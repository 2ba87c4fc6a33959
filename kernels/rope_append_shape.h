#pragma once

#include "kernels/host_device.h"
#include "kernels/kv_cache.h"

namespace hexgen::kernels {

struct RopeAppendShape {
  int num_tokens = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;       // even
  float epsilon = 1e-6F;  // of the q and k norms

  HEXGEN_HOST_DEVICE int row_heads() const { return num_heads + 2 * num_kv_heads; }
};

/// What lies between the QKV product and attention: adds the bias, normalises each head of q and k
/// (Qwen3), rotates q and k by their positions, and puts k and v into the cache. Elements i and
/// i + head_dim / 2 of a head rotate by the angle position * inverse_frequencies[i], as Hugging
/// Face's rotate_half does.
template <typename T>
struct RopeAppendData {
  const T* qkv = nullptr;     // [num_tokens, num_heads + 2 * num_kv_heads, head_dim]: q, k, v
  const T* bias = nullptr;    // [num_heads + 2 * num_kv_heads, head_dim]; null: none
  const T* q_norm = nullptr;  // [head_dim]; null: none
  const T* k_norm = nullptr;  // [head_dim]; null: none
  const float* inverse_frequencies = nullptr;  // [head_dim / 2]
  const int* positions = nullptr;              // [num_tokens]
  const int* slots = nullptr;                  // [num_tokens]; kNoSlot: not kept
  T* q = nullptr;                              // [num_tokens, num_heads, head_dim]
  KvCache<T> cache;
};

}  // namespace hexgen::kernels
