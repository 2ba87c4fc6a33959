#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "profiles/measured_profile.h"
#include "runner/cli/process_options.h"

namespace hexgen {

/// A GPU of this machine, or a part of one.
struct ProfiledDevice {
  int gpu = 0;       // CUDA device index
  int sm_limit = 0;  // multiprocessors, as CudaContext has it; 0: the whole GPU

  bool operator==(const ProfiledDevice&) const = default;
};

/// "1" or, with a limit of multiprocessors, "1:24". Throws InputError for anything else, for a
/// device twice unless both are parts, and for a whole GPU beside a part of it.
std::vector<ProfiledDevice> parse_profiled_devices(const std::vector<std::string>& texts);

/// What `hexgen-plan profile` measures.
struct ProfileOptions {
  std::vector<ProfiledDevice> devices;  // empty: all GPUs
  bool links = true;                    // all-reduce and send/recv between them
};

/// Told what is measured next, one line at a time; may be empty.
using ProfileProgress = std::function<void(const std::string&)>;

/// Measures this machine's GPUs and the links between them, in under two minutes. Equal devices are
/// measured once, alone. Throws InputError for a GPU index that does not exist, DeviceError when
/// there is no usable GPU, when CUDA or NCCL fails, and when hexgen was built without CUDA.
MeasuredProfile profile_machine(const ProfileOptions& options, const ProfileProgress& progress);

/// One of the processes, each on a host of its own, between which `hexgen-plan profile --between`
/// measures.
struct BetweenOptions {
  ProcessOptions processes;
  std::string host_name;  // of the cluster's node; empty: what the host calls itself
  ProfiledDevice device;
};

/// Measures, for every two processes, sends from GPU to GPU as hexgen-run has them, and messages
/// from process to process. The profile is process 0's, the others have none. Throws as
/// profile_machine(), and InputError for fewer than two processes and for two of one name.
std::optional<MeasuredProfile> profile_between_hosts(const BetweenOptions& options,
                                                     const ProfileProgress& progress);

}  // namespace hexgen
