#pragma once

#include "planner/search.h"
#include "planner/search_space.h"

namespace hexgen {

/// Our search: network-aware start; a child is a crossover of two tournament winners or a copy of
/// one, changed by one to three moves and repaired; now and then a new network-aware individual.
/// Keeps a reference to `space`.
SearchStrategy evolutionary_strategy(const SearchSpace& space);

/// Baseline: individuals of the network-aware start and nothing else.
SearchStrategy random_strategy(const SearchSpace& space);

}  // namespace hexgen
