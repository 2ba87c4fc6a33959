#pragma once

#include <optional>

#include "planner/search_space.h"
#include "planner/seed.h"

namespace hexgen {

/// Takes devices out of `pool` until they may hold the model: a random node first, then the nearest
/// ones. Mostly no more than needed, sometimes with devices to spare. Nothing when the pool (of one
/// GPU type, where groups must be) has too few; the pool is then unchanged.
std::optional<DeviceGroup> grow_group(DeviceGroup& pool, const SearchSpace& space, Random& random);

}  // namespace hexgen
