#pragma once

#include "planner/device_group.h"
#include "profiles/cluster.h"

namespace hexgen {

/// True when nodes `a` and `b` have the same GPU type and inner link, and the same links to each
/// other and to all other nodes of the group: plans that use as many devices of each then cost the
/// same after an exchange of both.
bool exchangeable(const Cluster& cluster, int a, int b, const DeviceGroup& group);

}  // namespace hexgen
