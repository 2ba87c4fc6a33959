#pragma once

#include "cost_models/plan.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "runner/engine/scheduler.h"
#include "runner/weights/weight_source.h"

namespace hexgen {

/// One pipeline as it is to run: what all of its ranks agree on.
struct PipelineSetup {
  ModelSpec model;
  PipelineGroup pipeline;
  Cluster cluster;  // names the devices and their links
  SchedulerLimits limits;
  const WeightSource* weights = nullptr;

  int num_stages() const { return static_cast<int>(pipeline.stages.size()); }
};

/// Where a rank of a pipeline stands; ranks count through the stages, the driver is rank 0.
struct RankPlace {
  int stage = 0;
  int index = 0;   // in its stage
  int device = 0;  // of the cluster
};

int num_ranks(const PipelineGroup& pipeline);
RankPlace place_of(const PipelineGroup& pipeline, int rank);

/// Ranks of a stage, in order.
std::vector<int> ranks_of_stage(const PipelineGroup& pipeline, int stage);

/// "stage 1, device il-1:0 (rank 4)"
std::string rank_name(const PipelineSetup& setup, int rank);

}  // namespace hexgen
