#include "runner/cli/backend_choice.h"

#include "profiles/errors.h"
#include "runner/cpu/cpu_backend.h"
#include "runner/cuda/cuda_backend.h"

namespace hexgen {

BackendFactory backend_of(const std::string& name) {
  if (name == "cpu") {
    return [](int) { return std::make_unique<CpuBackend>(); };
  }
  if (name == "cuda") {
    constexpr std::chrono::milliseconds kDeadline(60'000);
    const int gpus = num_cuda_gpus();
    if (gpus == 0) {
      throw DeviceError("--backend cuda: no GPU was found, or hexgen was built without CUDA");
    }
    return [gpus](int device) { return make_cuda_backend(device % gpus, kDeadline); };
  }
  throw InputError("--backend: \"" + name + "\", expected cpu or cuda");
}

std::string default_backend() {
  return num_cuda_gpus() > 0 ? "cuda" : "cpu";
}

}  // namespace hexgen
