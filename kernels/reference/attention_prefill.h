#pragma once

#include "kernels/attention_prefill_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::attention_prefill() for T = float, Bfloat16 and Float16: data in host
/// memory, sums in double.
template <typename T>
void attention_prefill(const PrefillAttentionShape& shape, const PrefillAttentionData<T>& data);

}  // namespace hexgen::kernels::reference
