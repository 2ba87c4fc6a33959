#pragma once

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Makes the division of requests up to three steps more or less lenient, within its bounds.
bool change_leniency(Individual& individual, const SearchSpace& space, Random& random);

}  // namespace hexgen
