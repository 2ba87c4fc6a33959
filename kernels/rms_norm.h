#pragma once

#include <cuda_runtime_api.h>

#include "kernels/bfloat16.h"
#include "kernels/rms_norm_shape.h"

namespace hexgen::kernels {

/// As RmsNormData says; sums in fp32. Device memory aligned to 16 bytes. cudaErrorInvalidValue for
/// a width that is no multiple of 8.
cudaError_t rms_norm(const RmsNormShape& shape,
                     const RmsNormData<Bfloat16>& data,
                     cudaStream_t stream);

}  // namespace hexgen::kernels
