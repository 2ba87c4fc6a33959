#pragma once

#include <vector>

#include "cost_models/plan.h"
#include "profiles/cluster.h"

namespace hexgen {

/// Of the whole nodes on which the plan uses a device: a node is rented or not.
double price_per_hour(const Plan& plan, const Cluster& cluster);

/// The same for several plans on one cluster; a node counts once.
double price_per_hour(const std::vector<Plan>& plans, const Cluster& cluster);

}  // namespace hexgen
