#pragma once

#include <cuda_runtime_api.h>

#include "kernels/attention_prefill_shape.h"
#include "kernels/bfloat16.h"

namespace hexgen::kernels {

/// out = softmax(q k^T / sqrt(head_dim)) v over the keys that each query sees; products are bf16,
/// sums fp32. Device memory aligned to 16 bytes; compute capability 8.0. cudaErrorInvalidValue for
/// a head_dim that is no multiple of 8 or above 128.
cudaError_t attention_prefill(const PrefillAttentionShape& shape,
                              const PrefillAttentionData<Bfloat16>& data,
                              cudaStream_t stream);

}  // namespace hexgen::kernels
