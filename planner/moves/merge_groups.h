#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Joins a random group with another one, the nearest of a few drawn. False when there are not two.
bool merge_groups(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
