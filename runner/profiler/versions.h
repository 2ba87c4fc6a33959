#pragma once

#include "profiles/measured_profile.h"

namespace hexgen {

/// A profile that says what would measure it: the program, driver, CUDA, cuBLASLt and NCCL.
MeasuredProfile profile_of_versions();

}  // namespace hexgen
