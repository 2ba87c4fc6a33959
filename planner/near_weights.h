#pragma once

#include "planner/weight_transfer.h"

namespace hexgen {

/// The plan with the devices of every node exchanged among themselves so that as few bytes as
/// possible are to be loaded. A device that `stays` marks is not touched. For the cost model it is
/// the same plan: the devices of a node are alike.
Plan near_weights(const Plan& plan,
                  const ModelSpec& model,
                  const Cluster& cluster,
                  const HeldShards& held,
                  const std::vector<bool>& stays);

}  // namespace hexgen
