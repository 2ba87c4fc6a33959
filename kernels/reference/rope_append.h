#pragma once

#include "kernels/rope_append_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::rope_append() for T = float, Bfloat16 and Float16: data in host memory,
/// sums in double.
template <typename T>
void rope_append(const RopeAppendShape& shape, const RopeAppendData<T>& data);

}  // namespace hexgen::kernels::reference
