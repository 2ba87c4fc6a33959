#include "runner/cuda/cuda_backend.h"

#include <string>
#include <vector>

#include "profiles/errors.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/cuda_group.h"
#include "runner/cuda/cuda_stage_executor.h"

namespace hexgen {
namespace {

int checked(int gpu) {
  const int gpus = num_cuda_gpus();
  if (gpu >= gpus) {
    throw DeviceError("GPU " + std::to_string(gpu) + ": this machine has " + std::to_string(gpus));
  }
  return gpu;
}

class CudaBackend : public Backend {
 public:
  CudaBackend(int gpu, const CudaBackendOptions& options)
      : context_(checked(gpu), options.sm_limit, options.deadline),
        options_(options) {}

  std::unique_ptr<Communicator> make_communicator(Transport& transport,
                                                  const std::vector<int>& members,
                                                  int channel) override {
    return make_cuda_group(context_, transport, members, channel, options_.communicator);
  }

  std::unique_ptr<StageExecutor> make_executor(const ExecutorSetup& setup,
                                               Communicator& stage) override {
    if (options_.dtype == ElementType::kFloat16) {
      return std::make_unique<CudaStageExecutor<kernels::Float16>>(context_, setup, stage);
    }
    return std::make_unique<CudaStageExecutor<kernels::Bfloat16>>(context_, setup, stage);
  }

 private:
  CudaContext context_;
  CudaBackendOptions options_;
};

}  // namespace

int num_cuda_gpus() {
  int gpus = 0;
  return cudaGetDeviceCount(&gpus) == cudaSuccess ? gpus : 0;
}

std::unique_ptr<Backend> make_cuda_backend(int gpu, const CudaBackendOptions& options) {
  return std::make_unique<CudaBackend>(gpu, options);
}

}  // namespace hexgen
