#pragma once

#include <string>
#include <vector>

#include "planner/individual.h"
#include "planner/pipeline_choice.h"

namespace hexgen {

/// A pipeline that serves already, and what it can do as it is.
struct RunningPipeline {
  PipelineGroup pipeline;
  DeviceGroup group;
  PipelineChoices choices;
};

/// The pipelines that a search starts from. A group of exactly as many devices of each node as a
/// running pipeline has is that pipeline: it keeps its devices, layers and name.
class RunningPipelines {
 public:
  RunningPipelines(const std::vector<PipelineGroup>& pipelines,
                   const PipelineChooser& chooser,
                   const Cluster& cluster);

  const std::vector<RunningPipeline>& all() const { return running_; }

  bool has_name(const std::string& name) const;

  /// The running pipeline that each group is, null where it is none; each is found once, by the
  /// first such group.
  std::vector<const RunningPipeline*> find(const std::vector<DeviceGroup>& groups) const;

 private:
  std::vector<RunningPipeline> running_;
};

/// The devices of a pipeline, counted by node.
DeviceGroup device_group(const PipelineGroup& pipeline, const Cluster& cluster);

}  // namespace hexgen
