#pragma once

#include <cstddef>
#include <cstdint>

// What a block of threads does to draw one token: it finds the least likely token to
// keep bit by bit, without sorting, and walks through the kept ones in the order of their indices.
namespace hexgen::kernels {

inline constexpr int kSampleThreads = 1024;

/// Unsigned integers in the order of the floats; above 0 for every finite one.
__device__ inline unsigned order_key(float value) {
  const unsigned bits = __float_as_uint(value + 0.0F);  // -0 and 0 are equal
  return bits >> 31 != 0 ? ~bits : bits | 0x80000000U;
}

__device__ inline float value_of_key(unsigned key) {
  return __uint_as_float(key >> 31 != 0 ? key & 0x7fffffffU : ~key);
}

struct Ranked {
  unsigned key;
  unsigned index;
};

__device__ inline Ranked better(Ranked a, Ranked b) {
  const bool take_b = b.key > a.key || (b.key == a.key && b.index < a.index);
  return take_b ? b : a;
}

/// The same on every thread.
__device__ inline Ranked best_of_block(Ranked mine) {
  __shared__ Ranked of_warps[kSampleThreads / 32];
  for (int offset = 16; offset > 0; offset /= 2) {
    mine = better(mine,
                  {__shfl_xor_sync(0xffffffff, mine.key, offset),
                   __shfl_xor_sync(0xffffffff, mine.index, offset)});
  }
  if (threadIdx.x % 32 == 0) {
    of_warps[threadIdx.x / 32] = mine;
  }
  __syncthreads();
  for (const Ranked& other : of_warps) {
    mine = better(mine, other);
  }
  return mine;
}

/// One sequence's tokens and their weights, as SampleData defines them.
struct TokenWeights {
  const float* logits;
  int vocab_size;
  float largest;
  float temperature;

  __device__ std::uint64_t weight(float logit) const {
    return static_cast<std::uint64_t>(expf((logit - largest) / temperature) * 0x1p32F);
  }
};

/// Tokens with larger keys are kept, and of those with this key the first `equals`.
struct Cut {
  unsigned key;
  unsigned long long equals;
};

/// Sum over the block, the same on every thread.
template <typename T>
__device__ T sum_over_block(T mine) {
  __shared__ T of_warps[kSampleThreads / 32];
  for (int offset = 16; offset > 0; offset /= 2) {
    mine += __shfl_xor_sync(0xffffffff, mine, offset);
  }
  __syncthreads();  // an earlier call's sums have been read
  if (threadIdx.x % 32 == 0) {
    of_warps[threadIdx.x / 32] = mine;
  }
  __syncthreads();
  T sum = 0;
  for (const T other : of_warps) {
    sum += other;
  }
  return sum;
}

/// The cut that keeps the fewest tokens, most likely first, whose measures reach `needed`; tokens
/// outside `within` do not exist. measure(logit) is equal for equal logits; all of `within` must
/// reach `needed`.
template <typename Measure>
__device__ Cut find_cut(const TokenWeights& tokens,
                        const Cut& within,
                        unsigned long long needed,
                        Measure measure) {
  const auto sum_from = [&](unsigned lowest) {
    unsigned long long sum = 0;
    for (int i = static_cast<int>(threadIdx.x); i < tokens.vocab_size; i += kSampleThreads) {
      const float logit = tokens.logits[i];
      sum += order_key(logit) >= max(lowest, within.key) ? measure(logit) : 0;
    }
    return sum_over_block(sum);
  };
  unsigned key = 0;  // the largest from which on the sum reaches `needed`, bit by bit
  for (unsigned bit = 0x80000000U; bit != 0; bit /= 2) {
    key |= sum_from(key | bit) >= needed ? bit : 0;
  }
  const unsigned long long missing = needed - sum_from(key + 1);
  const unsigned long long one = measure(value_of_key(key));
  return {key, (missing + one - 1) / one};
}

/// Sum of the weights of the kept tokens.
__device__ inline std::uint64_t kept_weight(const TokenWeights& tokens, const Cut& cut) {
  unsigned long long above = 0;
  unsigned long long equals = 0;
  for (int i = static_cast<int>(threadIdx.x); i < tokens.vocab_size; i += kSampleThreads) {
    const unsigned key = order_key(tokens.logits[i]);
    above += key > cut.key ? tokens.weight(tokens.logits[i]) : 0;
    equals += key == cut.key ? 1 : 0;
  }
  above = sum_over_block(above);
  equals = min(sum_over_block(equals), cut.equals);
  return equals == 0 ? above : above + equals * tokens.weight(value_of_key(cut.key));
}

/// Exclusive sums over the block's threads, in their order.
__device__ inline unsigned long long sum_before(unsigned long long mine) {
  __shared__ unsigned long long warp_sums[kSampleThreads / 32];
  const unsigned lane = threadIdx.x % 32;
  unsigned long long inclusive = mine;
  for (unsigned offset = 1; offset < 32; offset *= 2) {
    const unsigned long long other = __shfl_up_sync(0xffffffff, inclusive, offset);
    inclusive += lane >= offset ? other : 0;
  }
  __syncthreads();  // an earlier call's sums have been read
  if (lane == 31) {
    warp_sums[threadIdx.x / 32] = inclusive;
  }
  __syncthreads();
  unsigned long long before = inclusive - mine;
  for (unsigned warp = 0; warp < threadIdx.x / 32; ++warp) {
    before += warp_sums[warp];
  }
  return before;
}

/// Calls visit(index, weight) for the kept tokens of begin .. end - 1; `equals` tokens at the cut's
/// key stand before them.
template <typename Visit>
__device__ void for_each_kept(const TokenWeights& tokens,
                              const Cut& cut,
                              int begin,
                              int end,
                              unsigned long long equals,
                              Visit visit) {
  for (int i = begin; i < end; ++i) {
    const float logit = tokens.logits[i];
    const unsigned key = order_key(logit);
    if (key > cut.key || (key == cut.key && equals++ < cut.equals)) {
      visit(i, tokens.weight(logit));
    }
  }
}

/// The kept token at which the running sum of weights exceeds `target`.
__device__ inline int token_at(const TokenWeights& tokens, const Cut& cut, std::uint64_t target) {
  __shared__ int found;
  const int chunk = (tokens.vocab_size + kSampleThreads - 1) / kSampleThreads;
  const int begin = min(static_cast<int>(threadIdx.x) * chunk, tokens.vocab_size);
  const int end = min(begin + chunk, tokens.vocab_size);
  unsigned long long equals = 0;
  for (int i = begin; i < end; ++i) {
    equals += order_key(tokens.logits[i]) == cut.key ? 1 : 0;
  }
  equals = sum_before(equals);
  unsigned long long mine = 0;
  for_each_kept(tokens, cut, begin, end, equals, [&](int, std::uint64_t w) { mine += w; });
  unsigned long long sum = sum_before(mine);
  for_each_kept(tokens, cut, begin, end, equals, [&](int index, std::uint64_t weight) {
    if (sum <= target && target < sum + weight) {
      found = index;
    }
    sum += weight;
  });
  __syncthreads();
  return found;
}

}  // namespace hexgen::kernels
