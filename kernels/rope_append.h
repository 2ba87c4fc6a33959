#pragma once

#include <cuda_runtime_api.h>

#include "kernels/rope_append_shape.h"

namespace hexgen::kernels {

/// As RopeAppendData says, in fp32. cudaErrorInvalidValue for a head_dim that is no multiple of 4
/// or above 256. T: Bfloat16 or Float16.
template <typename T>
cudaError_t rope_append(const RopeAppendShape& shape,
                        const RopeAppendData<T>& data,
                        cudaStream_t stream);

}  // namespace hexgen::kernels
