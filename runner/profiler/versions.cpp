#include "runner/profiler/versions.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <nccl.h>

#include <string>

#include "profiles/program.h"
#include "runner/cuda_check.h"

namespace hexgen {
namespace {

std::string dotted(int major, int minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

std::string cuda_version(int version) {
  return dotted(version / 1000, version % 1000 / 10);
}

/// As nvidia-smi prints it; NVML comes with the driver, so it is looked up when the program runs.
std::string driver_version() {
  constexpr unsigned int kLength = 80;  // NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE
  void* nvml = dlopen("libnvidia-ml.so.1", RTLD_LAZY);
  if (nvml == nullptr) {
    return "unknown";
  }
  const auto init = reinterpret_cast<int (*)()>(dlsym(nvml, "nvmlInit_v2"));
  const auto query =
      reinterpret_cast<int (*)(char*, unsigned int)>(dlsym(nvml, "nvmlSystemGetDriverVersion"));
  char version[kLength] = {};
  const bool known =
      init != nullptr && query != nullptr && init() == 0 && query(version, kLength) == 0;
  dlclose(nvml);
  return known ? version : "unknown";
}

}  // namespace

MeasuredProfile profile_of_versions() {
  MeasuredProfile profile;
  profile.tool = version_line("hexgen-plan");
  profile.driver = driver_version();
  int version = 0;
  HEXGEN_CUDA_CHECK(cudaDriverGetVersion(&version));
  profile.cuda_driver = cuda_version(version);
  HEXGEN_CUDA_CHECK(cudaRuntimeGetVersion(&version));
  profile.cuda_runtime = cuda_version(version);
  HEXGEN_NCCL_CHECK(ncclGetVersion(&version));
  profile.nccl = dotted(version / 10000, version / 100 % 100) + "." + std::to_string(version % 100);
  const auto blas = static_cast<int>(cublasLtGetVersion());  // 130100 for 13.1.0
  profile.cublaslt = dotted(blas / 10000, blas / 100 % 100) + "." + std::to_string(blas % 100);
  return profile;
}

}  // namespace hexgen
