#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "kernels/attention_decode_shape.h"

namespace hexgen::kernels {

/// The number of splits that fills a GPU of so many multiprocessors.
int choose_num_splits(const DecodeAttentionShape& shape, int multiprocessors);

/// Device memory that attention_decode() needs besides its data.
std::size_t attention_decode_scratch_bytes(const DecodeAttentionShape& shape);

/// The same for any batch of up to shape.num_sequences and any context, with choose_num_splits().
std::size_t attention_decode_most_scratch_bytes(const DecodeAttentionShape& shape,
                                                int multiprocessors);

/// Is there a kernel for heads of this size?
constexpr bool attention_decode_has(int head_dim) {
  return head_dim == 64 || head_dim == 128;
}

/// out = softmax(q k^T / sqrt(head_dim)) v, and 0 where the context is empty. Each key and value is
/// read once for up to 16 query heads; products are of T, sums fp32. T: Bfloat16 or Float16. Needs
/// compute capability 8.0. Returns cudaErrorInvalidValue for a head_dim that there is no kernel for
/// and for a num_splits outside 1..128.
template <typename T>
cudaError_t attention_decode(const DecodeAttentionShape& shape,
                             const DecodeAttentionData<T>& data,
                             void* scratch,
                             cudaStream_t stream);

}  // namespace hexgen::kernels
