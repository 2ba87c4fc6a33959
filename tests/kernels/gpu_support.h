#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

// What the kernels' tests run for: both types they compute in.
#define HEXGEN_KERNEL_TYPES hexgen::kernels::Bfloat16, hexgen::kernels::Float16

namespace hexgen::test {

using kernels::store;
using kernels::to_float;

template <typename T>
inline constexpr T kNan = {0x7fc0};
template <>
inline constexpr kernels::Float16 kNan<kernels::Float16> = {0x7e00};

template <typename T>
T to_element(float value) {
  T element;
  store(value, element);
  return element;
}

/// Uniform in -size..size.
template <typename T>
std::vector<T> random_values(std::size_t count, float size, std::mt19937& random) {
  std::vector<T> values(count);
  for (T& value : values) {
    store(size * (static_cast<float>(random() % 2001) / 1000.0F - 1.0F), value);
  }
  return values;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// |a - b| / |b|; NaN when any element is.
template <typename T>
double relative_error(const std::vector<T>& a, const std::vector<T>& b) {
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

// Both sides round the same value (bf16 has 8 bits: at most 2^-9 each, fp16 has 11), so they differ
// by a unit in the last place here and there.
template <typename T>
inline constexpr double kTolerance = 4e-3;
template <>
inline constexpr double kTolerance<kernels::Float16> = 5e-4;

}  // namespace hexgen::test
