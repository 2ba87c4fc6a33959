#pragma once

#include <functional>

#include "profiles/measured_profile.h"
#include "runner/stream.h"

namespace hexgen {

/// Time of one call: `calls` calls are recorded in a CUDA graph, so that the host's launch rate
/// does not count, and the graph is replayed. `call` gets 0..calls-1 and should use other memory
/// for each, so that the L2 cache is not what is measured.
Timing time_in_graph(const Stream& stream, int calls, const std::function<void(int)>& call);

}  // namespace hexgen
