#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "kernels/bfloat16.h"

namespace hexgen::test {

inline constexpr kernels::Bfloat16 kNan = {0x7fc0};

/// Uniform in -size..size.
inline std::vector<kernels::Bfloat16> random_values(std::size_t count,
                                                    float size,
                                                    std::mt19937& random) {
  std::vector<kernels::Bfloat16> values(count);
  for (kernels::Bfloat16& value : values) {
    value = kernels::to_bfloat16(size * (static_cast<float>(random() % 2001) / 1000.0F - 1.0F));
  }
  return values;
}

/// |a - b| / |b|; NaN when any element is.
inline double relative_error(const std::vector<kernels::Bfloat16>& a,
                             const std::vector<kernels::Bfloat16>& b) {
  double difference = a.size() == b.size() ? 0 : NAN;
  double size = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double expected = to_float(b[i]);
    const double delta = to_float(a.at(i)) - expected;
    difference += delta * delta;
    size += expected * expected;
  }
  return std::sqrt(difference / size);
}

// Both sides round the same value to bf16 (8 bits: at most 2^-9 each), so they differ by a unit in
// the last place here and there.
inline constexpr double kTolerance = 4e-3;

}  // namespace hexgen::test
