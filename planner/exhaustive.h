#pragma once

#include <atomic>
#include <functional>

#include "planner/planning.h"
#include "planner/search.h"

namespace hexgen {

/// More partitions than this are refused.
inline constexpr std::size_t kMaxPartitions = 200'000;

/// The best plan of phase 2's whole space: every partition of the devices (planner/partitions.h)
/// with every leniency, each distinct plan simulated once. The oracle of the search on clusters of
/// up to about eight devices. Of `settings` only threads and time_limit_s count; reports come after
/// every few hundred partitions. Throws InputError above kMaxPartitions.
SearchResult exhaustive_search(const Planning& planning,
                               const SearchSettings& settings,
                               const std::function<void(const GenerationReport&)>& on_generation,
                               const std::atomic<bool>& stop);

}  // namespace hexgen
