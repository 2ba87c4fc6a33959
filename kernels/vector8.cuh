#pragma once

#include "kernels/element.cuh"

// Eight elements at a time: one load or store of 16 bytes a thread, two of floats.
namespace hexgen::kernels {

inline constexpr int kVectorWidth = 8;

struct Vector8 {
  float values[kVectorWidth];
};

template <typename T>
__device__ inline Vector8 widen(const uint4& raw) {
  const unsigned pairs[] = {raw.x, raw.y, raw.z, raw.w};
  Vector8 wide;
#pragma unroll
  for (int i = 0; i < kVectorWidth / 2; ++i) {
    const float2 pair = unpack<T>(pairs[i]);
    wide.values[2 * i] = pair.x;
    wide.values[2 * i + 1] = pair.y;
  }
  return wide;
}

template <typename T>
__device__ inline Vector8 load8(const T* from) {
  return widen<T>(*reinterpret_cast<const uint4*>(from));
}

__device__ inline Vector8 load8(const float* from) {
  const float4 low = reinterpret_cast<const float4*>(from)[0];
  const float4 high = reinterpret_cast<const float4*>(from)[1];
  return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
}

template <typename T>
__device__ inline void store8(const Vector8& vector, T* to) {
  const float(&v)[kVectorWidth] = vector.values;
  *reinterpret_cast<uint4*>(to) = {
      pack<T>(v[0], v[1]), pack<T>(v[2], v[3]), pack<T>(v[4], v[5]), pack<T>(v[6], v[7])};
}

__device__ inline void store8(const Vector8& vector, float* to) {
  const float(&v)[kVectorWidth] = vector.values;
  reinterpret_cast<float4*>(to)[0] = {v[0], v[1], v[2], v[3]};
  reinterpret_cast<float4*>(to)[1] = {v[4], v[5], v[6], v[7]};
}

__device__ inline float sum_over_warp(float x) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    x += __shfl_xor_sync(0xffffffff, x, offset);
  }
  return x;
}

}  // namespace hexgen::kernels
