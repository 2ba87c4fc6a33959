#pragma once

#include <string>
#include <vector>

#include "profiles/any_profile.h"
#include "simulator/cli/plan_input.h"

namespace hexgen {

/// A profile of the command line, of a machine or of layers.
struct LoadedProfile {
  std::string path;
  PlanInput input;
  AnyProfile profile;
  int stages = 0;  // that take its times
};

/// Throws InputError when a file is broken, or two are of the same: GPU type and limit of
/// multiprocessors, pair of hosts, or for layers GPU type, model and TP degree.
std::vector<LoadedProfile> load_profiles(const std::vector<std::string>& paths);

/// Gives the plan's stages the times of the profiles that fit them: first what was measured of
/// machines, then the layers. Throws InputError for a machine that no node of the plan's cluster
/// is.
void use_profiles(std::vector<LoadedProfile>& profiles, const WhatIf& what_if, LoadedPlan& plan);

/// Throws InputError naming a profile that no stage of any plan takes its times from.
void check_all_used(const std::vector<LoadedProfile>& profiles);

/// Adds the profiles to what a result was made from.
void add_inputs(const std::vector<LoadedProfile>& profiles, std::vector<PlanInput>& inputs);

}  // namespace hexgen
