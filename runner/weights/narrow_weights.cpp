#include "runner/weights/narrow_weights.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "profiles/errors.h"

namespace hexgen {

void narrow_weights(const std::string&, std::span<const float> weights, kernels::Bfloat16* out) {
  std::transform(weights.begin(), weights.end(), out, kernels::to_bfloat16);
}

void narrow_weights(const std::string& tensor,
                    std::span<const float> weights,
                    kernels::Float16* out) {
  const auto beyond = std::find_if(weights.begin(), weights.end(), [](float weight) {
    return !(std::abs(weight) <= kernels::kLargestFloat16);
  });
  if (beyond != weights.end()) {
    std::ostringstream text;
    text << tensor << ": holds " << *beyond << ", fp16 ends at 65504; --dtype bf16 fits";
    throw InputError(text.str());
  }
  std::transform(weights.begin(), weights.end(), out, kernels::to_float16);
}

}  // namespace hexgen
