#pragma once

#include <vector>

#include "cost_models/objective.h"
#include "planner/individual.h"
#include "planner/seed.h"

namespace hexgen {

/// An evaluated individual.
struct Member {
  Individual individual;
  Objective fitness;
};

/// Index of the fittest of `rounds` members drawn with replacement.
std::size_t tournament(const std::vector<Member>& members, int rounds, Random& random);

/// Sorts by fitness, best first; equal fitness by genome, so that the order is total.
void sort_by_fitness(std::vector<Member>& members);

}  // namespace hexgen
