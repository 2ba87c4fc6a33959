#pragma once

#include <cuda_runtime_api.h>

namespace hexgen::kernels {

/// Does nothing on one thread: its time is what a launch costs.
cudaError_t empty_kernel(cudaStream_t stream);

}  // namespace hexgen::kernels
