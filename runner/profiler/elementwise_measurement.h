#pragma once

#include <vector>

#include "profiles/measured_profile.h"
#include "runner/cuda/cuda_context.h"
#include "runner/random_pool.h"

namespace hexgen {

/// Norms, RoPE with KV append and activation of a layer, one after the other, over the shards of
/// model_family.h by rows.
std::vector<ElementwiseTiming> measure_elementwise(const RandomPool& pool,
                                                   const CudaContext& context);

}  // namespace hexgen
