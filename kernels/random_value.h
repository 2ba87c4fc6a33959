#pragma once

#include <cstdint>

#include "kernels/host_device.h"

namespace hexgen::kernels {

/// Mixes all bits of its input: the finaliser of MurmurHash3 (Appleby, public domain).
HEXGEN_HOST_DEVICE inline std::uint64_t mix_bits(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

/// k/128 with k in -128..127, exact in bf16; a function of seed and index alone.
HEXGEN_HOST_DEVICE inline float random_value(std::uint32_t seed, std::uint64_t index) {
  const std::uint64_t bits = mix_bits(index ^ (std::uint64_t{seed} << 40));
  return static_cast<float>(static_cast<std::int8_t>(bits & 0xff)) / 128.0F;
}

/// Uniform in [0, 1), a multiple of 2^-53; a function of seed and counter alone.
HEXGEN_HOST_DEVICE inline double random_unit(std::uint64_t seed, std::uint64_t counter) {
  return static_cast<double>(mix_bits(mix_bits(seed) + counter) >> 11) * 0x1p-53;
}

}  // namespace hexgen::kernels
