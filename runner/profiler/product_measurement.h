#pragma once

#include <vector>

#include "profiles/measured_profile.h"
#include "runner/cuda/cuda_context.h"
#include "runner/random_pool.h"

namespace hexgen {

/// The products of a layer of 1 to 4096 rows and of the LM head, up to 512 rows and with fp32
/// results, over the shards of model_family.h, by what hexgen-run multiplies with.
std::vector<GemmTiming> measure_products(const RandomPool& pool, const CudaContext& context);

}  // namespace hexgen
