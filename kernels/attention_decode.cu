#include <cuda_bf16.h>

#include <algorithm>

#include "kernels/attention_decode.h"

// Split-KV decode attention. A block of four warps takes one split of one sequence's context for
// one KV head. head_dim / 8 lanes share a key or value row (16 bytes a lane); every such lane group
// keeps its own running softmax, and the groups, then the warps, then the splits are merged at the
// end.
namespace hexgen::kernels {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
constexpr int kElementsPerLane = 8;   // 16 bytes of bf16
constexpr int kUnroll = 4;            // keys and values that a lane group has in flight
constexpr int kMaxHeads = 4;          // query heads that a block takes; more would halve its warps
constexpr int kMinSplitTokens = 128;  // shorter splits cost more to merge than they save
constexpr float kNoScore = -1e30F;    // finite, so that exp2(kNoScore - kNoScore) is not NaN
constexpr float kLog2E = 1.44269504F;

/// Keys that a block takes in one turn; splits are cut at multiples of it.
__host__ __device__ constexpr int tile_tokens(int head_dim) {
  return kWarps * kUnroll * (32 * kElementsPerLane / head_dim);
}

/// Partial results of all splits: the maximum score, the sum of weights and the weighted values.
struct Scratch {
  float* max_score;   // [num_sequences, num_heads, num_splits]
  float* weight_sum;  // the same
  float* values;      // [num_sequences, num_heads, num_splits, head_dim]
};

struct Row {
  float x[kElementsPerLane];
};

__device__ Row unpack(uint4 packed) {
  Row row;
  const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&packed);
#pragma unroll
  for (int i = 0; i < kElementsPerLane / 2; ++i) {
    const float2 pair = __bfloat1622float2(pairs[i]);
    row.x[2 * i] = pair.x;
    row.x[2 * i + 1] = pair.y;
  }
  return row;
}

/// Running softmax of one query head over the keys seen by one lane group.
struct Accumulator {
  float max_score = kNoScore;
  float weight_sum = 0;
  Row value{};

  __device__ void rescale_to(float new_max) {
    const float scale = exp2f(max_score - new_max);
    max_score = new_max;
    weight_sum *= scale;
#pragma unroll
    for (float& x : value.x) {
      x *= scale;
    }
  }

  __device__ void add(float score, const Row& v) {
    const float weight = exp2f(score - max_score);
    weight_sum += weight;
#pragma unroll
    for (int i = 0; i < kElementsPerLane; ++i) {
      value.x[i] += weight * v.x[i];
    }
  }

  /// Merges with the lane group `lane_distance` lanes away.
  __device__ void merge_across(int lane_distance) {
    rescale_to(fmaxf(max_score, __shfl_xor_sync(0xffffffff, max_score, lane_distance)));
    weight_sum += __shfl_xor_sync(0xffffffff, weight_sum, lane_distance);
#pragma unroll
    for (float& x : value.x) {
      x += __shfl_xor_sync(0xffffffff, x, lane_distance);
    }
  }
};

template <int kLanes>
__device__ float dot_in_lane_group(const Row& a, const Row& b) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kElementsPerLane; ++i) {
    sum += a.x[i] * b.x[i];
  }
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2) {
    sum += __shfl_xor_sync(0xffffffff, sum, distance);
  }
  return sum;
}

/// Folds kUnroll keys and values into every head's accumulator; keys beyond `valid` do not count.
template <int kLanes, int kHeads>
__device__ void fold(const uint4 (&k)[kUnroll],
                     const uint4 (&v)[kUnroll],
                     const bool (&valid)[kUnroll],
                     const Row (&q)[kHeads],
                     Accumulator (&heads)[kHeads]) {
  float scores[kHeads][kUnroll];
#pragma unroll
  for (int u = 0; u < kUnroll; ++u) {
    const Row key = unpack(k[u]);
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      const float score = dot_in_lane_group<kLanes>(q[h], key);
      scores[h][u] = valid[u] ? score : 2 * kNoScore;
    }
  }
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
    float new_max = heads[h].max_score;
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      new_max = fmaxf(new_max, scores[h][u]);
    }
    heads[h].rescale_to(new_max);
  }
#pragma unroll
  for (int u = 0; u < kUnroll; ++u) {
    const Row value = unpack(v[u]);
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      heads[h].add(scores[h][u], value);
    }
  }
}

/// Which part of the work a thread block has.
struct Part {
  int sequence;
  int kv_head;
  int split;
  int first_head;  // of the query heads, kHeads of them or those that are left in the group
  int num_heads;
};

template <int kHeads>
__device__ Part part_of_block(const DecodeAttentionShape& shape) {
  const int group = shape.num_heads / shape.num_kv_heads;
  const int chunks = (group + kHeads - 1) / kHeads;
  const int kv_head = static_cast<int>(blockIdx.x) / chunks;
  const int in_group = static_cast<int>(blockIdx.x) % chunks * kHeads;
  return {static_cast<int>(blockIdx.y),
          kv_head,
          static_cast<int>(blockIdx.z),
          kv_head * group + in_group,
          min(kHeads, group - in_group)};
}

template <int kHeadDim, int kHeads>
__device__ void load_queries(const DecodeAttentionShape& shape,
                             const Bfloat16* q,
                             const Part& part,
                             int lane,
                             Row (&rows)[kHeads]) {
  const float scale = kLog2E * rsqrtf(static_cast<float>(kHeadDim));
#pragma unroll
  for (int h = 0; h < kHeads; ++h) {
    const int head = part.first_head + min(h, part.num_heads - 1);
    const std::size_t row = std::size_t(part.sequence) * shape.num_heads + head;
    rows[h] = unpack(reinterpret_cast<const uint4*>(q + row * kHeadDim)[lane]);
#pragma unroll
    for (float& x : rows[h].x) {
      x *= scale;
    }
  }
}

/// Runs this thread's lane group over its keys of the split.
template <int kHeadDim, int kHeads>
__device__ void attend(const DecodeAttentionShape& shape,
                       const DecodeAttentionData& data,
                       const Part& part,
                       const Row (&q)[kHeads],
                       Accumulator (&heads)[kHeads]) {
  constexpr int kLanes = kHeadDim / kElementsPerLane;
  constexpr int kKeysAtOnce = 32 / kLanes;  // by one warp
  constexpr int kTile = tile_tokens(kHeadDim);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int lane_group = static_cast<int>(threadIdx.x) % 32 / kLanes;

  const int context = data.context_tokens[part.sequence];
  const int tiles = (context + kTile - 1) / kTile;
  const int tiles_per_split = (tiles + shape.num_splits - 1) / shape.num_splits;
  const int begin = part.split * tiles_per_split * kTile;
  const int end = min(context, begin + tiles_per_split * kTile);
  const int* table = data.block_table + std::size_t(part.sequence) * shape.max_blocks;

  // The keys that a warp takes in one turn lie in one KV block, since they are at most
  // kKvBlockTokens and begin at a multiple of their number.
  static_assert(kKvBlockTokens % (kUnroll * kKeysAtOnce) == 0);
  for (int tile = begin; tile < end; tile += kTile) {
    const int first = tile + warp * kUnroll * kKeysAtOnce;
    if (first >= end) {
      break;  // the whole warp has nothing left
    }
    const std::size_t head_block =
        std::size_t(table[first / kKvBlockTokens]) * shape.num_kv_heads + part.kv_head;
    uint4 k[kUnroll];
    uint4 v[kUnroll];
    bool valid[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      const int token = first + u * kKeysAtOnce + lane_group;
      valid[u] = token < end;
      const std::size_t row = head_block * kKvBlockTokens + token % kKvBlockTokens;
      const auto* k_row = reinterpret_cast<const uint4*>(data.k_blocks + row * kHeadDim);
      const auto* v_row = reinterpret_cast<const uint4*>(data.v_blocks + row * kHeadDim);
      // What lies behind the context was never written and may be NaN, which a weight of 0 keeps.
      k[u] = valid[u] ? __ldcs(k_row + lane) : uint4{};
      v[u] = valid[u] ? __ldcs(v_row + lane) : uint4{};
    }
    fold<kLanes>(k, v, valid, q, heads);
  }
}

/// Merges the warps' accumulators and writes the split's partial result.
template <int kHeadDim, int kHeads>
__device__ void write_partial(const DecodeAttentionShape& shape,
                              const Part& part,
                              const Accumulator (&heads)[kHeads],
                              const Scratch& scratch) {
  constexpr int kLanes = kHeadDim / kElementsPerLane;
  __shared__ float max_scores[kWarps][kHeads];
  __shared__ float weight_sums[kWarps][kHeads];
  __shared__ float values[kWarps][kHeads][kHeadDim];
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (lane < kLanes) {
#pragma unroll
    for (int h = 0; h < kHeads; ++h) {
      max_scores[warp][h] = heads[h].max_score;
      weight_sums[warp][h] = heads[h].weight_sum;
#pragma unroll
      for (int i = 0; i < kElementsPerLane; ++i) {
        values[warp][h][lane * kElementsPerLane + i] = heads[h].value.x[i];
      }
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < part.num_heads * kHeadDim; i += kThreads) {
    const int h = i / kHeadDim;
    const int d = i % kHeadDim;
    float max_score = kNoScore;
    for (int w = 0; w < kWarps; ++w) {
      max_score = fmaxf(max_score, max_scores[w][h]);
    }
    float weight_sum = 0;
    float value = 0;
    for (int w = 0; w < kWarps; ++w) {
      const float scale = exp2f(max_scores[w][h] - max_score);
      weight_sum += scale * weight_sums[w][h];
      value += scale * values[w][h][d];
    }
    const std::size_t row =
        (std::size_t(part.sequence) * shape.num_heads + part.first_head + h) * shape.num_splits +
        part.split;
    scratch.values[row * kHeadDim + d] = value;
    if (d == 0) {
      scratch.max_score[row] = max_score;
      scratch.weight_sum[row] = weight_sum;
    }
  }
}

template <int kHeadDim, int kHeads>
__global__ void __launch_bounds__(kThreads)
    attend_splits(DecodeAttentionShape shape, DecodeAttentionData data, Scratch scratch) {
  constexpr int kLanes = kHeadDim / kElementsPerLane;
  const Part part = part_of_block<kHeads>(shape);
  Row q[kHeads];
  load_queries<kHeadDim>(shape, data.q, part, static_cast<int>(threadIdx.x) % kLanes, q);
  Accumulator heads[kHeads];
  attend<kHeadDim>(shape, data, part, q, heads);
#pragma unroll
  for (Accumulator& head : heads) {
#pragma unroll
    for (int distance = kLanes; distance < 32; distance *= 2) {
      head.merge_across(distance);
    }
  }
  write_partial<kHeadDim>(shape, part, heads, scratch);
}

/// One block a (sequence, head), one thread an element of the head.
__global__ void merge_splits(DecodeAttentionShape shape, Scratch scratch, __nv_bfloat16* out) {
  const std::size_t row = std::size_t{blockIdx.y} * shape.num_heads + blockIdx.x;
  const float* max_scores = scratch.max_score + row * shape.num_splits;
  float max_score = kNoScore;
#pragma unroll 8
  for (int split = 0; split < shape.num_splits; ++split) {
    max_score = fmaxf(max_score, max_scores[split]);
  }
  float weight_sum = 0;
  float value = 0;
#pragma unroll 8
  for (int split = 0; split < shape.num_splits; ++split) {
    const std::size_t partial = row * shape.num_splits + split;
    const float scale = exp2f(max_scores[split] - max_score);
    weight_sum += scale * scratch.weight_sum[partial];
    value += scale * scratch.values[partial * shape.head_dim + threadIdx.x];
  }
  out[row * shape.head_dim + threadIdx.x] =
      __float2bfloat16(weight_sum > 0 ? value / weight_sum : 0.0F);
}

std::size_t num_partials(const DecodeAttentionShape& shape) {
  return std::size_t(shape.num_sequences) * shape.num_heads * shape.num_splits;
}

Scratch carve(const DecodeAttentionShape& shape, void* memory) {
  auto* floats = static_cast<float*>(memory);
  const std::size_t partials = num_partials(shape);
  return {floats, floats + partials, floats + 2 * partials};
}

template <int kHeadDim, int kHeads>
void launch(const DecodeAttentionShape& shape,
            const DecodeAttentionData& data,
            const Scratch& scratch,
            cudaStream_t stream) {
  const int chunks = (shape.group() + kHeads - 1) / kHeads;
  const dim3 grid(shape.num_kv_heads * chunks, shape.num_sequences, shape.num_splits);
  attend_splits<kHeadDim, kHeads><<<grid, kThreads, 0, stream>>>(shape, data, scratch);
}

template <int kHeadDim>
void launch_for_group(const DecodeAttentionShape& shape,
                      const DecodeAttentionData& data,
                      const Scratch& scratch,
                      cudaStream_t stream) {
  if (shape.group() == 1) {
    launch<kHeadDim, 1>(shape, data, scratch, stream);
  } else if (shape.group() == 2) {
    launch<kHeadDim, 2>(shape, data, scratch, stream);
  } else {
    launch<kHeadDim, kMaxHeads>(shape, data, scratch, stream);
  }
}

}  // namespace

int choose_num_splits(const DecodeAttentionShape& shape, int multiprocessors) {
  constexpr int kBlocksPerMultiprocessor = 4;
  const int blocks =
      shape.num_sequences * shape.num_kv_heads * ((shape.group() + kMaxHeads - 1) / kMaxHeads);
  const int wanted = (kBlocksPerMultiprocessor * multiprocessors + blocks - 1) / blocks;
  const int most = shape.max_blocks * kKvBlockTokens / kMinSplitTokens;
  return std::clamp(wanted, 1, std::max(1, most));
}

std::size_t attention_decode_scratch_bytes(const DecodeAttentionShape& shape) {
  return num_partials(shape) * (2 + shape.head_dim) * sizeof(float);
}

cudaError_t attention_decode(const DecodeAttentionShape& shape,
                             const DecodeAttentionData& data,
                             void* scratch_memory,
                             cudaStream_t stream) {
  const Scratch scratch = carve(shape, scratch_memory);
  if (shape.head_dim == 128) {
    launch_for_group<128>(shape, data, scratch, stream);
  } else if (shape.head_dim == 64) {
    launch_for_group<64>(shape, data, scratch, stream);
  } else {
    return cudaErrorInvalidValue;
  }
  if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) {
    return error;
  }
  merge_splits<<<dim3(shape.num_heads, shape.num_sequences), shape.head_dim, 0, stream>>>(
      shape, scratch, reinterpret_cast<__nv_bfloat16*>(data.out));
  return cudaGetLastError();
}

}  // namespace hexgen::kernels
