#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Moves one to all devices of a node from one group to another, where idle devices count as a
/// group on both sides. False when there is nothing to move.
bool move_gpu(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
