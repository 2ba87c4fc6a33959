#pragma once

#include <span>
#include <string>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

namespace hexgen {

/// Rounds weights of `tensor` to 16 bits. out: [weights.size()]. Throws InputError for a weight
/// beyond the range of fp16: `lm_head.weight: holds 70000, fp16 ends at 65504; --dtype bf16 fits`.
void narrow_weights(const std::string& tensor,
                    std::span<const float> weights,
                    kernels::Bfloat16* out);
void narrow_weights(const std::string& tensor,
                    std::span<const float> weights,
                    kernels::Float16* out);

}  // namespace hexgen
