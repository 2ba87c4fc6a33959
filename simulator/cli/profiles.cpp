#include "simulator/cli/profiles.h"

#include <filesystem>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/names.h"
#include "profiles/sha256.h"

namespace hexgen {
std::vector<LoadedProfile> load_profiles(const std::vector<std::string>& paths) {
  std::vector<LoadedProfile> profiles;
  for (const std::string& path : paths) {
    LoadedProfile loaded = {.path = path,
                            .input = {.role = "profile",
                                      .name = std::filesystem::path(path).stem().string(),
                                      .sha256 = sha256_hex(read_file(path))},
                            .profile = read_layer_profile(path)};
    for (const LoadedProfile& other : profiles) {
      if (equal_ignoring_case(subject_of(other.profile), subject_of(loaded.profile))) {
        throw InputError(path + ": is of " + subject_of(loaded.profile) + ", as " + other.path +
                         " is already");
      }
    }
    profiles.push_back(std::move(loaded));
  }
  return profiles;
}

void use_profiles(std::vector<LoadedProfile>& profiles, LoadedPlan& plan) {
  const PlanFile& file = plan.file;
  for (LoadedProfile& loaded : profiles) {
    loaded.stages += use_profile(loaded.profile, file.plan, file.model, file.cluster, plan.system);
  }
}

void check_all_used(const std::vector<LoadedProfile>& profiles) {
  for (const LoadedProfile& loaded : profiles) {
    if (loaded.stages == 0) {
      throw InputError(loaded.path + ": is of " + subject_of(loaded.profile) +
                       ", expected one that fits a stage of the plan");
    }
  }
}

void add_inputs(const std::vector<LoadedProfile>& profiles, std::vector<PlanInput>& inputs) {
  for (const LoadedProfile& loaded : profiles) {
    inputs.push_back(loaded.input);
  }
}

}  // namespace hexgen
