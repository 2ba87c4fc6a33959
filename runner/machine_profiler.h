#pragma once

#include <functional>
#include <string>
#include <vector>

#include "profiles/measured_profile.h"

namespace hexgen {

/// What `hexgen-plan profile` measures.
struct ProfileOptions {
  std::vector<int> gpus;  // CUDA device indices; empty: all
  bool links = true;      // all-reduce and send/recv between them
};

/// Told what is measured next, one line at a time; may be empty.
using ProfileProgress = std::function<void(const std::string&)>;

/// Measures this machine's GPUs and the links between them, in under two minutes. Throws InputError
/// for a GPU index that does not exist, DeviceError when there is no usable GPU, when CUDA or NCCL
/// fails, and when hexgen was built without CUDA.
MeasuredProfile profile_machine(const ProfileOptions& options, const ProfileProgress& progress);

}  // namespace hexgen
