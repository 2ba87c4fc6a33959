#pragma once

#include <vector>

#include "runner/profiler/machine_profiler.h"

namespace hexgen {

/// All-reduces of bf16 sums by the first 2, 3, ... of `devices`, by size, over every communicator
/// of hexgen-run that can carry them.
std::vector<AllReduceTiming> measure_all_reduces(const std::vector<ProfiledDevice>& devices);

/// The same for a send from each of `devices` to each later one, once for every two GPUs.
std::vector<TransferTiming> measure_transfers(const std::vector<ProfiledDevice>& devices);

}  // namespace hexgen
