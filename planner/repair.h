#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Makes an individual worth evaluating: groups that mix GPU types where they must not are divided,
/// groups that cannot hold the model are dissolved, what is idle forms new groups, and what is left
/// over joins the nearest group, each with some probability (or stays idle, where idle devices are
/// worth something). Ends normalised.
void repair(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
