#pragma once

#include <vector>

#include "profiles/measured_profile.h"
#include "runner/profiler/machine_profiler.h"

namespace hexgen {

/// Decode steps of one sequence by hexgen-run's own engine on one stage with a few layers of a tiny
/// model: what a model of no layers would take is what a step costs besides them.
std::vector<StepTiming> measure_steps(const ProfiledDevice& device);

}  // namespace hexgen
