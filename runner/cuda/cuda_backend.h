#pragma once

#include <chrono>
#include <memory>

#include "runner/comm/communicator_kind.h"
#include "runner/engine/stage_executor.h"

namespace hexgen {

/// 0 without a GPU or its driver.
int num_cuda_gpus();

struct CudaBackendOptions {
  ElementType dtype = ElementType::kBfloat16;  // of weights, activations and KV cache; or kFloat16
  CommunicatorKind communicator = CommunicatorKind::kAuto;
  std::chrono::milliseconds deadline = std::chrono::minutes(1);  // of every wait
  int sm_limit = 0;  // multiprocessors that the rank may use, as CudaContext has it; 0: all
};

/// The backend of one rank on a GPU of this machine. Throws DeviceError when there is no such GPU,
/// and always where hexgen was built without CUDA.
std::unique_ptr<Backend> make_cuda_backend(int gpu, const CudaBackendOptions& options);

}  // namespace hexgen
