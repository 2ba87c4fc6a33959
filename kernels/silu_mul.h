#pragma once

#include <cuda_runtime_api.h>

#include "kernels/bfloat16.h"
#include "kernels/silu_mul_shape.h"

namespace hexgen::kernels {

/// As SiluMulData says, in fp32. Device memory aligned to 16 bytes. cudaErrorInvalidValue for a
/// width that is no multiple of 8.
cudaError_t silu_mul(const SiluMulShape& shape,
                     const SiluMulData<Bfloat16>& data,
                     cudaStream_t stream);

}  // namespace hexgen::kernels
