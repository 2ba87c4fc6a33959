#pragma once

#include <cuda_runtime_api.h>

#include "kernels/sample_shape.h"

namespace hexgen::kernels {

/// As SampleData says; all of it in device memory.
cudaError_t sample(const SampleShape& shape, const SampleData& data, cudaStream_t stream);

}  // namespace hexgen::kernels
