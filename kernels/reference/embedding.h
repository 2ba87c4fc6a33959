#pragma once

#include "kernels/embedding_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::embedding() for T = float, Bfloat16 and Float16: data in host memory, sums
/// in double.
template <typename T>
void embedding(const EmbeddingShape& shape, const EmbeddingData<T>& data);

}  // namespace hexgen::kernels::reference
