#pragma once

#include <vector>

#include "cost_models/shard.h"
#include "cost_models/stage_cost.h"

namespace hexgen {

/// The stage whose operators may have been measured.
struct StageOperators {
  const std::vector<int>& devices;
  const std::vector<int>& next_devices;
  const Shard& shard;
  int num_layers = 0;
  StagePosition position;
};

/// Gives the operators of `cost` what the timings of the cluster's GPU and link types say of them,
/// see stage_cost().
void add_measurements(const ModelSpec& model,
                      const Cluster& cluster,
                      const StageOperators& stage,
                      StageCost& cost);

}  // namespace hexgen
