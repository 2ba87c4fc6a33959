#pragma once

#include "kernels/matvec_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::matvec() for T = Bfloat16 and Float16, Y = T or float: data in host
/// memory, sums in double.
template <typename T, typename Y>
void matvec(const MatvecShape& shape, const MatvecData<T, Y>& data);

}  // namespace hexgen::kernels::reference
