#pragma once

#include <functional>
#include <vector>

#include "cost_models/objective.h"
#include "planner/individual.h"

namespace hexgen {

/// Fitness of one individual; called from several threads at once.
using Fitness = std::function<Objective(const Individual&)>;

/// Fitness of all, slot i from individual i, on `threads` threads (0: all cores).
std::vector<Objective> evaluate_all(const std::vector<Individual>& individuals,
                                    const Fitness& fitness,
                                    int threads);

}  // namespace hexgen
