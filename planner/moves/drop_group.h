#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Leaves the devices of a random group idle. False when there is no group.
bool drop_group(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
