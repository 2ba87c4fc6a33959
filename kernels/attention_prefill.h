#pragma once

#include <cuda_runtime_api.h>

#include "kernels/attention_prefill_shape.h"

namespace hexgen::kernels {

/// Is there a kernel for heads of this size? For multiples of 4 up to 32 and of 8 up to 128.
constexpr bool attention_prefill_has(int head_dim) {
  return head_dim > 0 &&
         (head_dim <= 32 ? head_dim % 4 == 0 : head_dim % 8 == 0 && head_dim <= 128);
}

/// out = softmax(q k^T / sqrt(head_dim)) v over the keys that each query sees; products are of T,
/// sums fp32. T: Bfloat16 or Float16. Device memory aligned to 16 bytes; compute capability 8.0.
/// cudaErrorInvalidValue for a head_dim that is no multiple of 8 or above 128.
template <typename T>
cudaError_t attention_prefill(const PrefillAttentionShape& shape,
                              const PrefillAttentionData<T>& data,
                              cudaStream_t stream);

}  // namespace hexgen::kernels
