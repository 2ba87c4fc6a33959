#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Divides a random group of two or more devices in two: by nodes, or by a random share of every
/// node. False when there is none.
bool split_group(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
