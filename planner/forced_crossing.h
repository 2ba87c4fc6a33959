#pragma once

#include <vector>

#include "planner/search_space.h"

namespace hexgen {

/// What every pipeline over a node pays at least to leave a cluster of nodes that is too small for
/// the model and to come back, in each pass through its stages. Zeros where nothing is forced,
/// infinities where there is nowhere to go.
struct ForcedCrossing {
  double one_way_s = 0;     // latency of the quicker direction
  double round_trip_s = 0;  // latencies of both directions together
  double s_per_byte = 0;    // of the activations, which cross in one direction at least
};

/// [node]: the slowest of the crossings that single-linkage clusters around the node force, judged
/// by the time of `message_bytes`. Nodes that may not share a group do not help each other.
std::vector<ForcedCrossing> forced_crossings(const SearchSpace& space, double message_bytes);

}  // namespace hexgen
