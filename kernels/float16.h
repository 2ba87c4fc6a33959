#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace hexgen::kernels {

/// IEEE 754 binary16, laid out as CUDA's __half, for code that is built without CUDA.
struct Float16 {
  std::uint16_t bits = 0;
};

inline constexpr float kLargestFloat16 = 65504.0F;  // that is finite

inline float to_float(Float16 value) {
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000U) << 16;
  const std::uint32_t exponent = (value.bits >> 10) & 0x1fU;
  const std::uint32_t fraction = value.bits & 0x3ffU;
  if (exponent == 0) {  // zero and subnormal: fraction * 2^-24
    return std::copysign(static_cast<float>(fraction) * 0x1p-24F, std::bit_cast<float>(sign));
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffU : exponent + 127 - 15;  // inf and NaN stay
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// Rounds to nearest, ties to even. What is too large becomes the largest finite value, as in the
/// kernels: an infinity would turn into NaN further on.
inline Float16 to_float16(float value) {
  if (std::isnan(value)) {
    return {0x7e00};
  }
  const std::uint32_t sign = std::bit_cast<std::uint32_t>(value) >> 16 & 0x8000U;
  const float magnitude = std::min(std::abs(value), kLargestFloat16);
  std::uint32_t rounded = 0;
  if (magnitude < 0x1p-14F) {  // subnormal: floats from 0.5 on are 2^-24 apart, as these are
    rounded = std::bit_cast<std::uint32_t>(magnitude + 0.5F) - std::bit_cast<std::uint32_t>(0.5F);
  } else {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(magnitude) - ((127U - 15U) << 23);
    rounded = (bits + 0xfff + ((bits >> 13) & 1)) >> 13;
  }
  return {static_cast<std::uint16_t>(sign | rounded)};
}

inline void store(float value, Float16& element) {
  element = to_float16(value);
}

}  // namespace hexgen::kernels
