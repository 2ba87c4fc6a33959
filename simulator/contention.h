#pragma once

#include <vector>

#include "simulator/serving_system.h"
#include "simulator/simulation.h"

namespace hexgen {

/// Which replicas can slow each other's transfers down.
struct Contention {
  std::vector<std::vector<int>> groups;  // replicas that share links, in order; all other are alone
  std::vector<ReplicaModel> replicas;    // without the resources that never hold anything up
};

/// A resource holds transfers up when those that can cross it at one time want more than it has.
/// Those of a replica can cross at one time when it has several micro-batches in flight; the
/// transfers of one hand-off go one after the other.
Contention find_contention(const ServingSystem& system, const SimulationOptions& options);

}  // namespace hexgen
