#pragma once

#include <bit>
#include <cstdint>

namespace hexgen {

/// IEEE 754 binary16, by its bits.
inline float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {  // zero and subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffU : exponent + 127 - 15;  // inf and NaN stay
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

}  // namespace hexgen
