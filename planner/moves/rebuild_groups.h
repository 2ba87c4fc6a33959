#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Dissolves a random group and up to two near it, and grows new groups from their devices and the
/// idle ones. False when there is no group.
bool rebuild_groups(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
