#pragma once

#include "kernels/element.cuh"

// Pieces of attention on tensor cores with mma.m16n8k16 in bf16 or fp16. Lane = 4 * row + column,
// as in the PTX manual's fragment layouts; every lane has the rows `row` ("upper") and `row + 8`
// ("lower").
namespace hexgen::kernels {

inline constexpr float kNoScore = -1e30F;  // finite, so that exp2(kNoScore - kNoScore) is not NaN
inline constexpr float kLog2E = 1.44269504F;

/// 16 x 8 floats over a warp: this lane's elements of row `row` and of row `row + 8`.
struct Accumulator {
  float upper[2] = {};
  float lower[2] = {};

  __device__ void scale(float upper_by, float lower_by) {
    upper[0] *= upper_by;
    upper[1] *= upper_by;
    lower[0] *= lower_by;
    lower[1] *= lower_by;
  }
};

/// 16 x 16 elements over a warp: pairs of this lane's rows `row` and `row + 8`, low and high inner
/// half.
struct LeftFragment {
  unsigned upper_low;
  unsigned lower_low;
  unsigned upper_high;
  unsigned lower_high;
};

// One text but for the types' names: an asm statement takes no template arguments.
#define HEXGEN_MMA(types)                                                      \
  asm("mma.sync.aligned.m16n8k16.row.col." types                               \
      " {%0, %1, %2, %3}, {%4, %5, %6, %7}, "                                  \
      "{%8, %9}, {%0, %1, %2, %3};"                                            \
      : "+f"(c.upper[0]), "+f"(c.upper[1]), "+f"(c.lower[0]), "+f"(c.lower[1]) \
      : "r"(a.upper_low),                                                      \
        "r"(a.lower_low),                                                      \
        "r"(a.upper_high),                                                     \
        "r"(a.lower_high),                                                     \
        "r"(b_low),                                                            \
        "r"(b_high))

/// c += a b; T: what a and b consist of.
template <typename T>
__device__ inline void multiply_add(Accumulator& c,
                                    const LeftFragment& a,
                                    unsigned b_low,
                                    unsigned b_high) {
  if constexpr (kIsFloat16<T>) {
    HEXGEN_MMA("f32.f16.f16.f32");
  } else {
    HEXGEN_MMA("f32.bf16.bf16.f32");
  }
}

#undef HEXGEN_MMA

__device__ inline float max_over_columns(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffff, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffff, x, 2));
}

__device__ inline float sum_over_columns(float x) {
  x += __shfl_xor_sync(0xffffffff, x, 1);
  return x + __shfl_xor_sync(0xffffffff, x, 2);
}

}  // namespace hexgen::kernels
