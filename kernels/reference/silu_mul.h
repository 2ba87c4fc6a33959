#pragma once

#include "kernels/silu_mul_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::silu_mul() for T = float, Bfloat16 and Float16: data in host memory, sums
/// in double.
template <typename T>
void silu_mul(const SiluMulShape& shape, const SiluMulData<T>& data);

}  // namespace hexgen::kernels::reference
