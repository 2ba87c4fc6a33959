#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::random_fill().
void random_fill(Bfloat16* values, std::size_t count, std::uint32_t seed);

}  // namespace hexgen::kernels::reference
