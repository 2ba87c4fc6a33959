#pragma once

#include <cstdint>

#include "runner/weights/weight_source.h"

namespace hexgen {

/// Seeded weights of any shape, the same for every plan: an element is a function of the seed, the
/// tensor's name and its place in the whole tensor. Matrices are uniform around 0 and shrink with
/// the root of their inputs, so that activations neither vanish nor grow; norms are around 1.
class RandomWeights : public WeightSource {
 public:
  explicit RandomWeights(std::uint64_t seed)
      : seed_(seed) {}

  void read(const TensorSlice& slice, float* out) const override;

 private:
  std::uint64_t seed_;
};

/// seed of kernels::random_value() for a tensor.
std::uint32_t tensor_seed(std::uint64_t seed, const std::string& tensor);

/// An element is centre + scale * kernels::random_value(tensor_seed, row * columns + column).
struct RandomScale {
  float centre = 0;
  float scale = 0;
};

RandomScale random_scale(const TensorSlice& slice);

}  // namespace hexgen
