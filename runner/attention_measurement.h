#pragma once

#include <vector>

#include "profiles/measured_profile.h"
#include "runner/random_pool.h"
#include "runner/stream.h"

namespace hexgen {

/// Decode attention of one layer in the shapes of Llama-2-7B and of 70B whole and at TP 8, by batch
/// and context. Keys and values are taken from the pool, block by block in a random order.
std::vector<AttentionTiming> measure_attention(const RandomPool& pool,
                                               int multiprocessors,
                                               const Stream& stream);

}  // namespace hexgen
