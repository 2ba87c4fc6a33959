#include "simulator/cli/profiles.h"

#include <filesystem>

#include "profiles/apply_profile.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/names.h"
#include "profiles/sha256.h"

namespace hexgen {
namespace {

std::string subject(const AnyProfile& any) {
  if (const auto* machine = std::get_if<MeasuredProfile>(&any)) {
    return machine->gpus.front().name;
  }
  return subject_of(std::get<LayerProfile>(any));
}

/// Stages with a GPU of the machine's type.
int stages_on(const MeasuredProfile& machine, const PlanFile& file) {
  const Catalogue catalogue = Catalogue::builtin();
  const CatalogueGpu* known = catalogue.find_gpu(machine.gpus.front().name);
  const std::string name = known == nullptr ? machine.gpus.front().name : known->type.name;
  int stages = 0;
  for (const PipelineGroup& pipeline : file.plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      stages += file.cluster.gpu_of(stage.devices.front()).name == name ? 1 : 0;
    }
  }
  return stages;
}

}  // namespace

std::vector<LoadedProfile> load_profiles(const std::vector<std::string>& paths) {
  std::vector<LoadedProfile> profiles;
  for (const std::string& path : paths) {
    LoadedProfile loaded = {.path = path,
                            .input = {.role = "profile",
                                      .name = std::filesystem::path(path).stem().string(),
                                      .sha256 = sha256_hex(read_file(path))},
                            .profile = read_any_profile(path)};
    for (const LoadedProfile& other : profiles) {
      if (other.profile.index() == loaded.profile.index() &&
          equal_ignoring_case(subject(other.profile), subject(loaded.profile))) {
        throw InputError(path + ": is of " + subject(loaded.profile) + ", as " + other.path +
                         " is already");
      }
    }
    profiles.push_back(std::move(loaded));
  }
  return profiles;
}

void use_profiles(std::vector<LoadedProfile>& profiles, const WhatIf& what_if, LoadedPlan& plan) {
  PlanFile& file = plan.file;
  bool measured = false;
  for (LoadedProfile& loaded : profiles) {
    if (const auto* machine = std::get_if<MeasuredProfile>(&loaded.profile)) {
      file.cluster = apply_profile(file.cluster, *machine, Catalogue::builtin(), loaded.path);
      loaded.stages += stages_on(*machine, file);
      measured = true;
    }
  }
  if (measured) {
    make_system(what_if, plan);
  }
  for (LoadedProfile& loaded : profiles) {
    if (const auto* layers = std::get_if<LayerProfile>(&loaded.profile)) {
      loaded.stages += use_profile(*layers, file.plan, file.model, file.cluster, plan.system);
    }
  }
}

void check_all_used(const std::vector<LoadedProfile>& profiles) {
  for (const LoadedProfile& loaded : profiles) {
    if (loaded.stages == 0) {
      throw InputError(loaded.path + ": is of " + subject(loaded.profile) +
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
