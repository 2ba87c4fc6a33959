#include "simulator/cli/profiles.h"

#include <filesystem>
#include <utility>

#include "profiles/apply_profile.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/names.h"
#include "profiles/sha256.h"

namespace hexgen {
namespace {

std::string subject_of(const MeasuredProfile& machine) {
  if (machine.gpus.empty()) {
    const HostTiming& first = machine.between_hosts.front();
    return "the network between " + first.from_host + " and " + first.to_host;
  }
  const GpuMeasurement& gpu = machine.gpus.front();
  return gpu.sm_limit == 0
             ? gpu.name
             : gpu.name + " with " + std::to_string(gpu.sm_limit) + " multiprocessors";
}

std::string subject(const AnyProfile& any) {
  return std::visit([](const auto& profile) { return subject_of(profile); }, any);
}

/// What was measured of a stage's GPUs, and between its nodes and those of the next stage.
std::vector<std::shared_ptr<const void>> timings_of(const Stage& stage,
                                                    const Stage& next,
                                                    const Cluster& cluster) {
  std::vector<int> reached = stage.devices;
  reached.insert(reached.end(), next.devices.begin(), next.devices.end());
  std::vector<std::shared_ptr<const void>> timings;
  for (const int device : stage.devices) {
    timings.push_back(cluster.gpu_of(device).timings);
    for (const int other : reached) {
      timings.push_back(
          cluster.node_timings(cluster.device(device).node, cluster.device(other).node));
    }
  }
  return timings;
}

int stages_that_changed(const Plan& plan, const Cluster& before, const Cluster& after) {
  int changed = 0;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    const std::vector<Stage>& stages = pipeline.stages;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const Stage& next = stages[(s + 1) % stages.size()];
      const bool same = timings_of(stages[s], next, before) == timings_of(stages[s], next, after);
      changed += same ? 0 : 1;
    }
  }
  return changed;
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
      const Cluster before = std::exchange(
          file.cluster, apply_profile(file.cluster, *machine, Catalogue::builtin(), loaded.path));
      loaded.stages += stages_that_changed(file.plan, before, file.cluster);
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
