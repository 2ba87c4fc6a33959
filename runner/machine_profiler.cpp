#include "runner/machine_profiler.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <nccl.h>

#include <algorithm>
#include <numeric>

#include "profiles/errors.h"
#include "profiles/program.h"
#include "runner/cuda_check.h"
#include "runner/gpu_measurement.h"
#include "runner/link_measurement.h"

namespace hexgen {
namespace {

std::vector<int> selected_gpus(const std::vector<int>& wanted) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver) {
    throw DeviceError(std::string("no GPU can be used: ") + cudaGetErrorString(status));
  }
  HEXGEN_CUDA_CHECK(status);
  if (wanted.empty()) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  for (auto gpu = wanted.begin(); gpu != wanted.end(); ++gpu) {
    if (*gpu < 0 || *gpu >= count) {
      throw InputError("--gpus: " + std::to_string(*gpu) + " is not one of the " +
                       std::to_string(count) + " GPUs of this machine");
    }
    if (std::find(wanted.begin(), gpu, *gpu) != gpu) {
      throw InputError("--gpus: " + std::to_string(*gpu) + " is named twice");
    }
  }
  return wanted;
}

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

void note_versions(MeasuredProfile& profile) {
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
}

}  // namespace

MeasuredProfile profile_machine(const ProfileOptions& options, const ProfileProgress& progress) {
  const std::vector<int> gpus = selected_gpus(options.gpus);
  MeasuredProfile profile;
  note_versions(profile);
  for (const int gpu : gpus) {
    profile.gpus.push_back(measure_gpu(gpu, progress));
  }
  if (options.links && gpus.size() > 1) {
    if (progress) {
      progress("all-reduce and send/recv among " + std::to_string(gpus.size()) + " GPUs");
    }
    profile.all_reduces = measure_all_reduces(gpus);
    profile.transfers = measure_transfers(gpus);
  }
  return profile;
}

}  // namespace hexgen
