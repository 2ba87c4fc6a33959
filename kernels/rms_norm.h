#pragma once

#include <cuda_runtime_api.h>

#include "kernels/rms_norm_shape.h"

namespace hexgen::kernels {

/// As RmsNormData says; sums in fp32. Device memory aligned to 16 bytes. cudaErrorInvalidValue for
/// a width that is no multiple of 8. T: Bfloat16 or Float16.
template <typename T>
cudaError_t rms_norm(const RmsNormShape& shape, const RmsNormData<T>& data, cudaStream_t stream);

}  // namespace hexgen::kernels
