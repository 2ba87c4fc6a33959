#include "profiles/errors.h"
#include "runner/cuda/cuda_backend.h"

namespace hexgen {

int num_cuda_gpus() {
  return 0;
}

std::unique_ptr<Backend> make_cuda_backend(int, const CudaBackendOptions&) {
  throw DeviceError("hexgen was built without CUDA: there is only --backend cpu");
}

}  // namespace hexgen
