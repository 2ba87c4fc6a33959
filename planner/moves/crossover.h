#pragma once

#include "planner/individual.h"
#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// A child with about half of the first parent's groups and all groups of the second that still
/// find their devices free; the rest is idle.
Individual crossover(const Individual& first,
                     const Individual& second,
                     const SearchSpace& space,
                     Random& random);

}  // namespace hexgen
