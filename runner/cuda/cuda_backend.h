#pragma once

#include <chrono>
#include <memory>

#include "runner/engine/stage_executor.h"

namespace hexgen {

/// 0 without a GPU or its driver.
int num_cuda_gpus();

/// The backend of one rank on a GPU of this machine: bf16. Groups whose ranks have a GPU each talk
/// through NCCL, others through host memory. No wait is longer than `deadline`. Throws DeviceError
/// when there is no such GPU, and always where hexgen was built without CUDA.
std::unique_ptr<Backend> make_cuda_backend(int gpu, std::chrono::milliseconds deadline);

}  // namespace hexgen
