#pragma once

#include <cuda_bf16.h>

#include "kernels/bfloat16.h"

// Eight bf16 at a time: one load or store of 16 bytes a thread.
namespace hexgen::kernels {

inline constexpr int kVectorWidth = 8;

struct Vector8 {
  float values[kVectorWidth];
};

__device__ inline Vector8 load8(const Bfloat16* from) {
  const uint4 raw = *reinterpret_cast<const uint4*>(from);
  const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&raw);
  Vector8 loaded;
#pragma unroll
  for (int i = 0; i < kVectorWidth / 2; ++i) {
    const float2 pair = __bfloat1622float2(pairs[i]);
    loaded.values[2 * i] = pair.x;
    loaded.values[2 * i + 1] = pair.y;
  }
  return loaded;
}

__device__ inline void store8(const Vector8& vector, Bfloat16* to) {
  uint4 raw;
  auto* pairs = reinterpret_cast<__nv_bfloat162*>(&raw);
#pragma unroll
  for (int i = 0; i < kVectorWidth / 2; ++i) {
    pairs[i] = __floats2bfloat162_rn(vector.values[2 * i], vector.values[2 * i + 1]);
  }
  *reinterpret_cast<uint4*>(to) = raw;
}

__device__ inline float sum_over_warp(float x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    x += __shfl_xor_sync(0xffffffff, x, offset);
  }
  return x;
}

}  // namespace hexgen::kernels
