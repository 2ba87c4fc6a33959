#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"

namespace hexgen::kernels {

/// Fills with seeded values k/128, k in -128..127, each a function of seed and position alone.
/// Measurements need them: multiplying constants draws less power and runs faster than real data.
/// values: [count] in device memory.
cudaError_t random_fill(Bfloat16* values,
                        std::size_t count,
                        std::uint32_t seed,
                        cudaStream_t stream);

}  // namespace hexgen::kernels
