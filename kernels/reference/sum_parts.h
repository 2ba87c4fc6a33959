#pragma once

#include "kernels/sum_parts_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::sum_parts() for the same T: data in host memory, sums in fp32.
template <typename T>
void sum_parts(const SumPartsShape& shape, const SumPartsData<T>& data);

}  // namespace hexgen::kernels::reference
