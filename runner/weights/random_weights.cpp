#include "runner/weights/random_weights.h"

#include <cmath>

#include "kernels/random_value.h"

namespace hexgen {

std::uint32_t tensor_seed(std::uint64_t seed, const std::string& tensor) {
  std::uint64_t hash = kernels::mix_bits(seed);
  for (const char letter : tensor) {
    hash = kernels::mix_bits(hash ^ static_cast<unsigned char>(letter));
  }
  return static_cast<std::uint32_t>(hash);
}

RandomScale random_scale(const TensorSlice& slice) {
  if (slice.tensor_rows != TensorSlice::kVector) {
    // random_value() has variance 1/3: this gives matrices the variance 1 / columns.
    return {.centre = 0, .scale = std::sqrt(3.0F / static_cast<float>(slice.tensor_columns))};
  }
  const bool norm = slice.tensor.find("norm") != std::string::npos;
  return {.centre = norm ? 1.0F : 0.0F, .scale = 0.25F};
}

void RandomWeights::read(const TensorSlice& slice, float* out) const {
  const std::uint32_t seed = tensor_seed(seed_, slice.tensor);
  const auto [centre, scale] = random_scale(slice);
  for (int row = slice.rows.first; row < slice.rows.end(); ++row) {
    const std::uint64_t first =
        static_cast<std::uint64_t>(row) * static_cast<std::uint64_t>(slice.tensor_columns) +
        static_cast<std::uint64_t>(slice.columns.first);
    for (int column = 0; column < slice.columns.count; ++column) {
      *out++ =
          centre + scale * kernels::random_value(seed, first + static_cast<std::uint64_t>(column));
    }
  }
}

}  // namespace hexgen
