#pragma once

#include "profiles/measured_profile.h"
#include "runner/machine_profiler.h"

namespace hexgen {

/// Measures one GPU, which must support bf16 (compute capability 8.0 or newer) and have 4 GB free;
/// throws DeviceError otherwise.
GpuMeasurement measure_gpu(int index, const ProfileProgress& progress);

}  // namespace hexgen
