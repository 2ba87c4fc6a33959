#pragma once

#include <vector>

#include "profiles/measured_profile.h"
#include "runner/cuda/cuda_context.h"
#include "runner/random_pool.h"

namespace hexgen {

/// Decode attention of one layer in the shapes of Llama-2-7B and of 70B whole and at TP 8, by batch
/// and context. Keys and values are taken from the pool, block by block in a random order.
std::vector<AttentionTiming> measure_attention(const RandomPool& pool, const CudaContext& context);

/// Prefill attention of one layer over the heads of model_family.h, by new and cached tokens.
std::vector<PrefillAttentionTiming> measure_prefill_attention(const RandomPool& pool,
                                                              const CudaContext& context);

}  // namespace hexgen
