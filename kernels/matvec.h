#pragma once

#include <cuda_runtime_api.h>

#include "kernels/matvec_shape.h"

namespace hexgen::kernels {

/// As MatvecData says; sums in fp32. Bound by reading w once, which begins before the kernels in
/// front have ended: nothing in the stream may have written w. Device memory aligned to 16 bytes.
/// cudaErrorInvalidValue for an inner_dim that is no multiple of 8 and for other numbers of rows.
/// T: Bfloat16 or Float16.
template <typename T, typename Y>
cudaError_t matvec(const MatvecShape& shape, const MatvecData<T, Y>& data, cudaStream_t stream);

}  // namespace hexgen::kernels
