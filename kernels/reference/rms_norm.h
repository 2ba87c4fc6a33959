#pragma once

#include "kernels/rms_norm_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::rms_norm() for T = float, Bfloat16 and Float16: data in host memory, sums
/// in double.
template <typename T>
void rms_norm(const RmsNormShape& shape, const RmsNormData<T>& data);

}  // namespace hexgen::kernels::reference
