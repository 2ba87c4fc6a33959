#include "runner/profiler/machine_profiler.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "profiles/errors.h"
#include "runner/cuda_check.h"
#include "runner/profiler/gpu_measurement.h"
#include "runner/profiler/link_measurement.h"
#include "runner/profiler/step_measurement.h"
#include "runner/profiler/versions.h"

namespace hexgen {
namespace {

std::vector<ProfiledDevice> selected_devices(const std::vector<ProfiledDevice>& wanted) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver) {
    throw DeviceError(std::string("no GPU can be used: ") + cudaGetErrorString(status));
  }
  HEXGEN_CUDA_CHECK(status);
  for (const ProfiledDevice& device : wanted) {
    if (device.gpu >= count) {
      throw InputError("--gpus: " + std::to_string(device.gpu) + " is not one of the " +
                       std::to_string(count) + " GPUs of this machine");
    }
  }
  std::vector<ProfiledDevice> all = wanted;
  for (int gpu = 0; wanted.empty() && gpu < count; ++gpu) {
    all.push_back({.gpu = gpu});
  }
  return all;
}

std::string gpu_name(int gpu) {
  cudaDeviceProp properties{};
  HEXGEN_CUDA_CHECK(cudaGetDeviceProperties(&properties, gpu));
  return properties.name;
}

bool is_known(const MeasuredProfile& profile, const ProfiledDevice& device) {
  const std::string name = gpu_name(device.gpu);
  return std::any_of(profile.gpus.begin(), profile.gpus.end(), [&](const GpuMeasurement& gpu) {
    return gpu.name == name && gpu.sm_limit == device.sm_limit;
  });
}

void tell(const ProfileProgress& progress, const std::string& what) {
  if (progress) {
    progress(what);
  }
}

}  // namespace

MeasuredProfile profile_machine(const ProfileOptions& options, const ProfileProgress& progress) {
  const std::vector<ProfiledDevice> devices = selected_devices(options.devices);
  MeasuredProfile profile = profile_of_versions();
  for (const ProfiledDevice& device : devices) {
    if (is_known(profile, device)) {
      continue;
    }
    GpuMeasurement gpu = measure_gpu(device, progress);
    tell(progress, device_name(device, gpu.name) + ": steps of the engine");
    gpu.steps = measure_steps(device);
    profile.gpus.push_back(std::move(gpu));
  }
  if (options.links && devices.size() > 1) {
    tell(progress, "all-reduces among " + std::to_string(devices.size()) + " devices");
    profile.all_reduces = measure_all_reduces(devices);
    tell(progress, "send/recv among " + std::to_string(devices.size()) + " devices");
    profile.transfers = measure_transfers(devices);
  }
  return profile;
}

}  // namespace hexgen
