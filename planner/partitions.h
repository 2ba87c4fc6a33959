#pragma once

#include <cstddef>
#include <vector>

#include "planner/individual.h"
#include "planner/search_space.h"

namespace hexgen {

/// Every way to divide the cluster's devices into groups that may hold the model, idle devices
/// allowed; of partitions that become each other when two
/// nodes alike are exchanged (same GPUs, price and links), the smallest. Ends with an empty list as
/// soon as there are more than `limit`.
std::vector<Individual> all_partitions(const SearchSpace& space, std::size_t limit);

}  // namespace hexgen
