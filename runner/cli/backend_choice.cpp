#include "runner/cli/backend_choice.h"

#include "profiles/errors.h"
#include "runner/cpu/cpu_backend.h"
#include "runner/cuda/cuda_backend.h"

namespace hexgen {

namespace {

ElementType dtype_of(const std::string& name) {
  if (name == "fp16") {
    return ElementType::kFloat16;
  }
  if (name == "auto" || name == "bf16") {
    return ElementType::kBfloat16;
  }
  throw InputError("--dtype: \"" + name + "\", expected auto, bf16 or fp16");
}

BackendFactory cuda_backend(const CudaBackendOptions& options) {
  const int gpus = num_cuda_gpus();
  if (gpus == 0) {
    throw DeviceError("--backend cuda: no GPU was found, or hexgen was built without CUDA");
  }
  return [gpus, options](int device) { return make_cuda_backend(device % gpus, options); };
}

}  // namespace

BackendFactory backend_of(const BackendOptions& options) {
  const CudaBackendOptions cuda = {.dtype = dtype_of(options.dtype),
                                   .communicator = communicator_kind(options.communicator)};
  if (options.name == "cuda") {
    return cuda_backend(cuda);
  }
  if (options.name != "cpu") {
    throw InputError("--backend: \"" + options.name + "\", expected cpu or cuda");
  }
  if (options.dtype != "auto") {
    throw InputError("--dtype: \"" + options.dtype + "\", the cpu backend computes in fp32");
  }
  if (options.communicator != "auto") {
    throw InputError("--communicator: \"" + options.communicator +
                     "\", the cpu backend has one of its own");
  }
  return [](int) { return std::make_unique<CpuBackend>(); };
}

std::string default_backend() {
  return num_cuda_gpus() > 0 ? "cuda" : "cpu";
}

}  // namespace hexgen
