#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Exchanges devices of two nodes between two groups: one to all of the first node's against one to
/// all of the second's. False when there are not two groups with different nodes.
bool swap_gpus(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
