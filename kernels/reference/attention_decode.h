#pragma once

#include "kernels/attention_decode_shape.h"

namespace hexgen::kernels::reference {

/// CPU twin of kernels::attention_decode(): data in host memory, sums in double.
void attention_decode(const DecodeAttentionShape& shape, const DecodeAttentionData& data);

}  // namespace hexgen::kernels::reference
