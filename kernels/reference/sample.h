#pragma once

#include "kernels/sample_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::sample(): data in host memory.
void sample(const SampleShape& shape, const SampleData& data);

}  // namespace hexgen::kernels::reference
