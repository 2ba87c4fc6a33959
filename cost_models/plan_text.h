#pragma once

#include <string>

#include "cost_models/plan.h"
#include "profiles/cluster.h"

namespace hexgen {

/// Nodes and regions: "il-0 (illinois)", "ic-0+ic-1 (iceland)".
std::string place_of(const Cluster& cluster, const Stage& stage);

/// "4x RTX-A6000", "1x L4 + 2x T4"
std::string gpus_of(const Cluster& cluster, const Stage& stage);

}  // namespace hexgen
