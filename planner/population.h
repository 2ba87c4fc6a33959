#pragma once

#include "planner/individual.h"
#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// A random individual whose groups follow the network: the nodes are clustered by single linkage
/// at a random one of the distances at which clusters merge (from "every node alone" to "one
/// cluster"), and groups are grown inside each cluster. Repaired.
Individual network_aware_individual(const SearchSpace& space, Random& random);

}  // namespace hexgen
