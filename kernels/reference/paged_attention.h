#pragma once

#include <cstddef>
#include <vector>

#include "kernels/kv_cache.h"

namespace hexgen::kernels::reference {

/// The cached tokens that one query head attends to.
template <typename T>
struct PagedContext {
  KvCache<const T> cache;
  const int* blocks = nullptr;  // block table of the sequence
  int num_kv_heads = 0;
  int head_dim = 0;
  int kv_head = 0;
  int tokens = 0;

  /// Element of the cache at which the row of a token begins.
  std::ptrdiff_t row(int token) const {
    const std::ptrdiff_t head_block =
        std::ptrdiff_t{blocks[token / kKvBlockTokens]} * num_kv_heads + kv_head;
    return (head_block * kKvBlockTokens + token % kKvBlockTokens) * head_dim;
  }
};

/// out = softmax(q k^T / sqrt(head_dim)) v for one query head, zeros for an empty context; sums in
/// double. q, out: [head_dim]. T: float, Bfloat16 or Float16.
template <typename T>
void attend(const PagedContext<T>& context, const T* q, T* out);

}  // namespace hexgen::kernels::reference
