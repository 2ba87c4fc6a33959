#pragma once

#include "kernels/attention_decode_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::attention_decode() for T = float, Bfloat16 and Float16: data in host
/// memory, sums in double.
template <typename T>
void attention_decode(const DecodeAttentionShape& shape, const DecodeAttentionData<T>& data);

}  // namespace hexgen::kernels::reference
