#pragma once

#include <bit>
#include <cstdint>

namespace hexgen::kernels {

/// The upper half of a float, laid out as CUDA's __nv_bfloat16, for code that is built without
/// CUDA.
struct Bfloat16 {
  std::uint16_t bits = 0;
};

inline float to_float(Bfloat16 value) {
  return std::bit_cast<float>(std::uint32_t{value.bits} << 16);
}

/// Rounds to nearest, ties to even; not for NaN.
inline Bfloat16 to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t round = 0x7fff + ((bits >> 16) & 1);
  return {static_cast<std::uint16_t>((bits + round) >> 16)};
}

// So that templates read and write either element type.
inline float to_float(float value) {
  return value;
}

inline void store(float value, float& element) {
  element = value;
}

inline void store(float value, Bfloat16& element) {
  element = to_bfloat16(value);
}

}  // namespace hexgen::kernels
