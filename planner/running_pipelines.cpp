#include "planner/running_pipelines.h"

#include <algorithm>

namespace hexgen {

RunningPipelines::RunningPipelines(const std::vector<PipelineGroup>& pipelines,
                                   const PipelineChooser& chooser,
                                   const Cluster& cluster) {
  for (const PipelineGroup& pipeline : pipelines) {
    running_.push_back({.pipeline = pipeline,
                        .group = device_group(pipeline, cluster),
                        .choices = chooser.choices_of(pipeline)});
  }
}

bool RunningPipelines::has_name(const std::string& name) const {
  return std::any_of(running_.begin(), running_.end(), [&](const RunningPipeline& running) {
    return running.pipeline.name == name;
  });
}

std::vector<const RunningPipeline*> RunningPipelines::find(
    const std::vector<DeviceGroup>& groups) const {
  std::vector<const RunningPipeline*> found;
  for (const DeviceGroup& group : groups) {
    const auto same =
        std::find_if(running_.begin(), running_.end(), [&](const RunningPipeline& running) {
          return running.group == group &&
                 std::find(found.begin(), found.end(), &running) == found.end();
        });
    found.push_back(same == running_.end() ? nullptr : &*same);
  }
  return found;
}

DeviceGroup device_group(const PipelineGroup& pipeline, const Cluster& cluster) {
  DeviceGroup group;
  for (const Stage& stage : pipeline.stages) {
    for (const int device : stage.devices) {
      add_devices(group, cluster.device(device).node, 1);
    }
  }
  return group;
}

}  // namespace hexgen
