#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"

// The two 16-bit types that kernels compute on under the same names. Pairs stand in one word, the
// first in its lower half.
namespace hexgen::kernels {

template <typename T>
inline constexpr bool kIsFloat16 = std::is_same_v<T, Float16>;

// What fp16 can hold, as in to_float16(): infinities become the largest finite values, NaN stays.
__device__ inline __half2 finite(__half2 pair) {
  const __half2 most = __float2half2_rn(kLargestFloat16);
  return __hmin2_nan(__hmax2_nan(pair, __hneg2(most)), most);
}

__device__ inline __half finite(__half value) {
  const __half most = __float2half_rn(kLargestFloat16);
  return __hmin_nan(__hmax_nan(value, __hneg(most)), most);
}

template <typename T>
__device__ inline float2 unpack(unsigned pair) {
  if constexpr (kIsFloat16<T>) {
    return __half22float2(reinterpret_cast<const __half2&>(pair));
  } else {
    return __bfloat1622float2(reinterpret_cast<const __nv_bfloat162&>(pair));
  }
}

template <typename T>
__device__ inline unsigned pack(float low, float high) {
  if constexpr (kIsFloat16<T>) {
    const __half2 pair = finite(__floats2half2_rn(low, high));
    return reinterpret_cast<const unsigned&>(pair);
  } else {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return reinterpret_cast<const unsigned&>(pair);
  }
}

/// A single value of either type, or a float.
template <typename T>
__device__ inline float widen_one(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return value;
  } else {
    return unpack<T>(unsigned{value.bits}).x;
  }
}

/// The same in the other direction.
template <typename T>
__device__ inline T narrow(float value) {
  if constexpr (kIsFloat16<T>) {
    return {__half_as_ushort(finite(__float2half_rn(value)))};
  } else if constexpr (std::is_same_v<T, Bfloat16>) {
    return {__bfloat16_as_ushort(__float2bfloat16(value))};
  } else {
    return value;
  }
}

}  // namespace hexgen::kernels
