#pragma once

#include "planner/search.h"
#include "planner/search_space.h"

namespace hexgen {

/// Higher is better; cheap and rough. Called from several threads at once.
using Estimate = std::function<double(const Individual&)>;

/// Our search: network-aware start; a child is a crossover of two tournament winners or a copy of
/// one, changed by one to three moves and repaired; now and then a new network-aware individual.
/// Most children are the best of three by `estimate`. Keeps a reference to `space`.
SearchStrategy evolutionary_strategy(const SearchSpace& space, const Estimate& estimate);

/// One of the search's moves, drawn by their rates; the individual needs repair afterwards.
void make_one_move(Individual& individual, const SearchSpace& space, Random& random);

/// Baseline: individuals of the network-aware start and nothing else.
SearchStrategy random_strategy(const SearchSpace& space);

}  // namespace hexgen
