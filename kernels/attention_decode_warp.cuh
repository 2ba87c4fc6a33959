#pragma once

#include "kernels/kv_cache.h"
#include "kernels/tensor_core.cuh"

// What one warp does in decode attention, on tensor cores: it folds KV blocks of 16 tokens into a
// running softmax. The query heads that share a KV head are the 16 rows of mma.m16n8k16 (rows
// beyond the group are zero), so the cache is read once for all of them. Fragments come from memory
// 16 bytes a lane, without shared memory: the inner dimension of q k^T and the columns of p v may
// be permuted freely, as long as q, k and the result agree.
namespace hexgen::kernels {

inline constexpr int kQueryRows = 16;  // query heads that a warp takes

template <typename T>
__device__ inline uint4 load(const T* row, int chunk) {
  return __ldcs(reinterpret_cast<const uint4*>(row) + chunk);
}

/// Running softmax of a warp over the KV blocks it has seen.
template <int kHeadDim>
struct WarpState {
  static constexpr int kChunks = kHeadDim / 32;  // of a key: four lanes with 16 bytes each
  static constexpr int kHalves = kHeadDim / 64;  // of a value: eight lanes with 16 bytes each

  uint4 q_upper[kChunks];
  uint4 q_lower[kChunks];
  float max_upper = kNoScore;
  float max_lower = kNoScore;
  float sum_upper = 0;  // of this lane's columns only
  float sum_lower = 0;
  Accumulator values[kHalves][8];
};

/// Takes the query heads that stand at `q` one after the other, num_heads of them.
template <typename T, int kHeadDim>
__device__ void load_queries(
    const T* q, int num_heads, int row, int column, WarpState<kHeadDim>& state) {
#pragma unroll
  for (int chunk = 0; chunk < kHeadDim / 32; ++chunk) {
    const T* upper = q + row * kHeadDim;
    state.q_upper[chunk] = row < num_heads ? load(upper, 4 * chunk + column) : uint4{};
    state.q_lower[chunk] =
        row + 8 < num_heads ? load(upper + 8 * kHeadDim, 4 * chunk + column) : uint4{};
  }
}

/// Scores of 8 keys, one a lane row. k: this lane's 16 bytes of each chunk of its key.
template <typename T, int kHeadDim>
__device__ Accumulator score(const WarpState<kHeadDim>& state, const uint4 (&k)[kHeadDim / 32]) {
  Accumulator scores;
#pragma unroll
  for (int chunk = 0; chunk < state.kChunks; ++chunk) {
    const uint4& upper = state.q_upper[chunk];
    const uint4& lower = state.q_lower[chunk];
    multiply_add<T>(scores, {upper.x, lower.x, upper.y, lower.y}, k[chunk].x, k[chunk].y);
    multiply_add<T>(scores, {upper.z, lower.z, upper.w, lower.w}, k[chunk].z, k[chunk].w);
  }
  return scores;
}

/// Turns the scores of one row's 16 keys into weights and rescales what the row has so far.
__device__ inline float reweigh(float (&first)[2],
                                float (&second)[2],
                                float& max_score,
                                float& sum) {
  const float largest = fmaxf(fmaxf(first[0], first[1]), fmaxf(second[0], second[1]));
  const float new_max = fmaxf(max_score, max_over_columns(largest));
  const float scale = exp2f(max_score - new_max);
  max_score = new_max;
  sum *= scale;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    first[i] = exp2f(first[i] - new_max);
    second[i] = exp2f(second[i] - new_max);
    sum += first[i] + second[i];
  }
  return scale;
}

/// The keys and values of one KV block that this lane holds.
template <int kHeadDim>
struct BlockFragments {
  uint4 k[2][kHeadDim / 32];  // of the tokens row and row + 8
  uint4 v[4][kHeadDim / 64];  // of the tokens token_of(0..3)
};

/// Token of the KV block that element `i` of this lane's scores and values belongs to.
__device__ inline int token_of(int i, int column) {
  return 8 * (i / 2) + 2 * column + i % 2;
}

template <int kHeadDim, typename T>
__device__ BlockFragments<kHeadDim> load_block(
    const T* k_block, const T* v_block, int tokens, int row, int column) {
  BlockFragments<kHeadDim> block;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
#pragma unroll
    for (int chunk = 0; chunk < kHeadDim / 32; ++chunk) {
      block.k[half][chunk] = load(k_block + (8 * half + row) * kHeadDim, 4 * chunk + column);
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int token = token_of(i, column);
#pragma unroll
    for (int half = 0; half < kHeadDim / 64; ++half) {
      // What lies behind the context was never written and may be NaN, which a weight of 0 keeps.
      block.v[i][half] =
          token < tokens ? load(v_block + token * kHeadDim, 8 * half + row) : uint4{};
    }
  }
  return block;
}

/// Replaces raw scores by scaled ones, and those of tokens that do not count by less than kNoScore.
template <int kHeadDim>
__device__ void scale_and_mask(Accumulator (&scores)[2], int tokens, int column) {
  const float scale = kLog2E * rsqrtf(static_cast<float>(kHeadDim));
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const bool counts = token_of(i, column) < tokens;
    float& upper = scores[i / 2].upper[i % 2];
    float& lower = scores[i / 2].lower[i % 2];
    upper = counts ? upper * scale : 2 * kNoScore;
    lower = counts ? lower * scale : 2 * kNoScore;
  }
}

/// values = values * scale + weights * v
template <typename T, int kHeadDim>
__device__ void add_values(const LeftFragment& weights,
                           const uint4 (&v)[4][kHeadDim / 64],
                           float scale_upper,
                           float scale_lower,
                           Accumulator (&values)[kHeadDim / 64][8]) {
  constexpr unsigned kLowHalves = 0x5410;
  constexpr unsigned kHighHalves = 0x7632;
#pragma unroll
  for (int half = 0; half < kHeadDim / 64; ++half) {
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      const unsigned selector = j % 2 == 0 ? kLowHalves : kHighHalves;
      const auto word = [&](int i) {
        return reinterpret_cast<const unsigned*>(&v[i][half])[j / 2];
      };
      Accumulator& value = values[half][j];
      value.scale(scale_upper, scale_lower);
      multiply_add<T>(value,
                      weights,
                      __byte_perm(word(0), word(1), selector),
                      __byte_perm(word(2), word(3), selector));
    }
  }
}

/// Folds the 16 tokens of one KV block into the state. `tokens` of them count.
template <typename T, int kHeadDim>
__device__ void fold(const T* k_block,
                     const T* v_block,
                     int tokens,
                     int row,
                     int column,
                     WarpState<kHeadDim>& state) {
  const BlockFragments<kHeadDim> block =
      load_block<kHeadDim>(k_block, v_block, tokens, row, column);
  Accumulator scores[2] = {score<T>(state, block.k[0]), score<T>(state, block.k[1])};
  scale_and_mask<kHeadDim>(scores, tokens, column);
  const float scale_upper =
      reweigh(scores[0].upper, scores[1].upper, state.max_upper, state.sum_upper);
  const float scale_lower =
      reweigh(scores[0].lower, scores[1].lower, state.max_lower, state.sum_lower);
  const LeftFragment weights = {pack<T>(scores[0].upper[0], scores[0].upper[1]),
                                pack<T>(scores[0].lower[0], scores[0].lower[1]),
                                pack<T>(scores[1].upper[0], scores[1].upper[1]),
                                pack<T>(scores[1].lower[0], scores[1].lower[1])};
  add_values<T, kHeadDim>(weights, block.v, scale_upper, scale_lower, state.values);
}

}  // namespace hexgen::kernels
