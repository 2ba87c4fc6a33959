#pragma once

#include <cuda_runtime_api.h>

#include "kernels/silu_mul_shape.h"

namespace hexgen::kernels {

/// As SiluMulData says, in fp32. Device memory aligned to 16 bytes. cudaErrorInvalidValue for a
/// width that is no multiple of 8. T: Bfloat16 or Float16.
template <typename T>
cudaError_t silu_mul(const SiluMulShape& shape, const SiluMulData<T>& data, cudaStream_t stream);

}  // namespace hexgen::kernels
