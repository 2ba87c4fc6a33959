#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "cost_models/objective.h"
#include "planner/individual.h"

namespace hexgen {

/// Calls body(0) .. body(count - 1) on `threads` threads (0: all cores), in any order.
void parallel_for_each(std::size_t count,
                       int threads,
                       const std::function<void(std::size_t)>& body);

/// Fitness of one individual; called from several threads at once.
using Fitness = std::function<Objective(const Individual&)>;

/// Fitness of all, slot i from individual i, on `threads` threads.
std::vector<Objective> evaluate_all(const std::vector<Individual>& individuals,
                                    const Fitness& fitness,
                                    int threads);

}  // namespace hexgen
