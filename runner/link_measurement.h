#pragma once

#include <vector>

#include "profiles/measured_profile.h"

namespace hexgen {

/// NCCL all-reduce of bf16 sums by the first 2, 3, ... of `gpus`, by size.
std::vector<AllReduceTiming> measure_all_reduces(const std::vector<int>& gpus);

/// NCCL send from each of `gpus` to each later one, by size.
std::vector<TransferTiming> measure_transfers(const std::vector<int>& gpus);

}  // namespace hexgen
