#pragma once

#include <cuda_runtime_api.h>

#include "kernels/embedding_shape.h"

namespace hexgen::kernels {

/// As EmbeddingData says. Device memory aligned to 16 bytes. cudaErrorInvalidValue for a hidden_dim
/// that is no multiple of 8. T: Bfloat16 or Float16.
template <typename T>
cudaError_t embedding(const EmbeddingShape& shape,
                      const EmbeddingData<T>& data,
                      cudaStream_t stream);

}  // namespace hexgen::kernels
