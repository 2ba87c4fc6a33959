#pragma once

#include <vector>

#include "planner/individual.h"
#include "planner/planning.h"
#include "profiles/price_list.h"

namespace hexgen {

/// A few rented machines that serve by themselves, and how they divide into pipelines.
struct MachineBundle {
  std::vector<int> machines;        // [offer]
  std::vector<DeviceGroup> groups;  // nodes are those of rented_cluster(list, machines)
  double rate_per_s = 0;            // expected
};

/// The bundles worth renting: every machine alone, divided in the best way; two or three machines
/// of any offers, and up to eight of one, as one pipeline over all of them. Those that do not serve
/// more than their parts are left out. Rates count requests within the limits, or, unless
/// `in_time`, all. Empty when nothing holds the model. `request`: what to serve; its cluster is not
/// read.
std::vector<MachineBundle> machine_bundles(const PriceList& list,
                                           const PlanningRequest& request,
                                           bool in_time);

}  // namespace hexgen
