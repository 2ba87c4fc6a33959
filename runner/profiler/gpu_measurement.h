#pragma once

#include "profiles/measured_profile.h"
#include "runner/profiler/machine_profiler.h"

namespace hexgen {

/// Measures one GPU or a part of it, which must support bf16 (compute capability 8.0 or newer) and
/// have 4 GB free; throws DeviceError otherwise. Timings of steps are not among it.
GpuMeasurement measure_gpu(const ProfiledDevice& device, const ProfileProgress& progress);

/// "GPU 1 (NVIDIA H200, 24 multiprocessors)"
std::string device_name(const ProfiledDevice& device, const std::string& gpu_name);

}  // namespace hexgen
