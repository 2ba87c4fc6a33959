#include "runner/cli/backend_choice.h"

#include "profiles/errors.h"
#include "runner/cpu/cpu_backend.h"
#include "runner/cuda/cuda_backend.h"

namespace hexgen {
namespace {

BackendFactory cuda_backend(const CudaBackendOptions& options) {
  const int gpus = num_cuda_gpus();
  if (gpus == 0) {
    throw DeviceError("--backend cuda: no GPU was found, or hexgen was built without CUDA");
  }
  return [gpus, options](int device, int sm_limit) {
    CudaBackendOptions of_rank = options;
    of_rank.sm_limit = sm_limit;
    return make_cuda_backend(device % gpus, of_rank);
  };
}

}  // namespace

ElementType compute_type(const std::string& dtype, ElementType weight_type) {
  if (dtype == "fp16") {
    return ElementType::kFloat16;
  }
  if (dtype == "bf16") {
    return ElementType::kBfloat16;
  }
  if (dtype == "auto") {
    return weight_type == ElementType::kFloat16 ? weight_type : ElementType::kBfloat16;
  }
  throw InputError("--dtype: \"" + dtype + "\", expected auto, bf16 or fp16");
}

std::string dtype_name(const BackendOptions& options, ElementType weight_type) {
  if (options.name == "cpu") {
    return "fp32";
  }
  return compute_type(options.dtype, weight_type) == ElementType::kFloat16 ? "fp16" : "bf16";
}

BackendFactory backend_of(const BackendOptions& options, ElementType weight_type) {
  const CudaBackendOptions cuda = {.dtype = compute_type(options.dtype, weight_type),
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
  return [](int, int) { return std::make_unique<CpuBackend>(); };
}

std::string default_backend() {
  return num_cuda_gpus() > 0 ? "cuda" : "cpu";
}

}  // namespace hexgen
