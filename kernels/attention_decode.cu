#include <algorithm>

#include "kernels/attention_decode.h"
#include "kernels/attention_decode_warp.cuh"
#include "kernels/overlap.cuh"

// Split-KV decode attention. A block of four warps takes one split of one sequence's context for
// one KV head; its warps take KV blocks in turn. Their results are merged in the block, and those
// of the splits by a second kernel.
namespace hexgen::kernels {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
constexpr int kTileTokens = kWarps * kKvBlockTokens;  // a turn of a block; splits are multiples
constexpr int kMaxSplits = 128;
constexpr int kBlocksPerMultiprocessor = 4;
constexpr int kMinSplitTokens = 128;  // shorter splits cost more to merge than they save

/// Partial results of all splits: the maximum score, the sum of weights and the weighted values.
struct Scratch {
  float* max_score;   // [num_sequences, num_heads, num_splits]
  float* weight_sum;  // the same
  float* values;      // [num_sequences, num_heads, num_splits, head_dim]
};

/// Which part of the work a thread block has.
struct Part {
  int sequence;
  int kv_head;
  int split;
  int first_head;  // of num_heads query heads, at most kQueryRows
  int num_heads;
};

__device__ Part part_of_block(const DecodeAttentionShape& shape) {
  const int group = shape.num_heads / shape.num_kv_heads;
  const int chunks = (group + kQueryRows - 1) / kQueryRows;
  const int kv_head = static_cast<int>(blockIdx.x) / chunks;
  const int in_group = static_cast<int>(blockIdx.x) % chunks * kQueryRows;
  return {static_cast<int>(blockIdx.y),
          kv_head,
          static_cast<int>(blockIdx.z),
          kv_head * group + in_group,
          min(kQueryRows, group - in_group)};
}

/// Runs this warp over its KV blocks of the split.
template <typename T, int kHeadDim>
__device__ void attend(const DecodeAttentionShape& shape,
                       const DecodeAttentionData<T>& data,
                       const Part& part,
                       int row,
                       int column,
                       WarpState<kHeadDim>& state) {
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int context = data.context_tokens[part.sequence];
  const int tiles = (context + kTileTokens - 1) / kTileTokens;
  const int tiles_per_split = (tiles + shape.num_splits - 1) / shape.num_splits;
  const int begin = part.split * tiles_per_split * kTileTokens;
  const int end = min(context, begin + tiles_per_split * kTileTokens);
  const int* table = data.block_table + std::size_t(part.sequence) * shape.max_blocks;
  for (int first = begin + warp * kKvBlockTokens; first < end; first += kTileTokens) {
    const std::size_t head_block =
        std::size_t(table[first / kKvBlockTokens]) * shape.num_kv_heads + part.kv_head;
    const std::size_t offset = head_block * kKvBlockTokens * kHeadDim;
    fold(data.cache.k + offset, data.cache.v + offset, end - first, row, column, state);
  }
}

/// What the warps of a block found, for merging.
template <int kHeadDim>
struct WarpResults {
  float max_score[kWarps][kQueryRows];
  float weight_sum[kWarps][kQueryRows];
  float values[kWarps][kQueryRows][kHeadDim + 1];  // one more keeps rows off the same banks
};

/// Stores the rows `upper` and `lower` of this lane where they are query heads.
template <int kHeadDim>
__device__ void store_warp(const WarpState<kHeadDim>& state,
                           int num_heads,
                           int row,
                           int column,
                           WarpResults<kHeadDim>& results) {
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const float sums[2] = {sum_over_columns(state.sum_upper), sum_over_columns(state.sum_lower)};
#pragma unroll
  for (int lower = 0; lower < 2; ++lower) {
    const int h = row + 8 * lower;
    if (h >= num_heads) {
      continue;
    }
    if (column == 0) {
      results.max_score[warp][h] = lower == 0 ? state.max_upper : state.max_lower;
      results.weight_sum[warp][h] = sums[lower];
    }
#pragma unroll
    for (int i = 0; i < kHeadDim / 4; ++i) {  // of each 64 dimensions a lane has 16 in a row
      const Accumulator& value = state.values[i / 16][i % 8];
      const int d = i / 16 * 64 + 16 * column + i % 16;
      results.values[warp][h][d] = (lower == 0 ? value.upper : value.lower)[i % 16 / 8];
    }
  }
}

/// Merges the warps' results and writes the split's partial result.
template <int kHeadDim>
__device__ void write_partial(const DecodeAttentionShape& shape,
                              const Part& part,
                              const WarpResults<kHeadDim>& results,
                              const Scratch& scratch) {
  for (int i = static_cast<int>(threadIdx.x); i < part.num_heads * kHeadDim; i += kThreads) {
    const int h = i / kHeadDim;
    const int d = i % kHeadDim;
    float max_score = kNoScore;
    for (int w = 0; w < kWarps; ++w) {
      max_score = fmaxf(max_score, results.max_score[w][h]);
    }
    float weight_sum = 0;
    float value = 0;
    for (int w = 0; w < kWarps; ++w) {
      const float scale = exp2f(results.max_score[w][h] - max_score);
      weight_sum += scale * results.weight_sum[w][h];
      value += scale * results.values[w][h][d];
    }
    const std::size_t head = std::size_t(part.sequence) * shape.num_heads + part.first_head + h;
    const std::size_t partial = head * shape.num_splits + part.split;
    scratch.values[partial * kHeadDim + d] = value;
    if (d == 0) {
      scratch.max_score[partial] = max_score;
      scratch.weight_sum[partial] = weight_sum;
    }
  }
}

template <typename T, int kHeadDim>
__global__ void __launch_bounds__(kThreads)
    attend_splits(DecodeAttentionShape shape, DecodeAttentionData<T> data, Scratch scratch) {
  __shared__ WarpResults<kHeadDim> results;
  let_next_kernel_start();
  wait_for_earlier_kernels();
  const Part part = part_of_block(shape);
  const int row = static_cast<int>(threadIdx.x) % 32 / 4;
  const int column = static_cast<int>(threadIdx.x) % 4;
  WarpState<kHeadDim> state;
  const std::size_t head = std::size_t(part.sequence) * shape.num_heads + part.first_head;
  load_queries(data.q + head * kHeadDim, part.num_heads, row, column, state);
  attend(shape, data, part, row, column, state);
  store_warp(state, part.num_heads, row, column, results);
  __syncthreads();
  write_partial(shape, part, results, scratch);
}

/// One block a (sequence, head), one thread an element of the head.
template <typename T>
__global__ void merge_splits(DecodeAttentionShape shape, Scratch scratch, T* out) {
  __shared__ float max_scores[kMaxSplits];
  __shared__ float weight_sums[kMaxSplits];
  let_next_kernel_start();
  wait_for_earlier_kernels();
  const std::size_t head = std::size_t{blockIdx.y} * shape.num_heads + blockIdx.x;
  const std::size_t first = head * shape.num_splits;
  for (int split = static_cast<int>(threadIdx.x); split < shape.num_splits;
       split += static_cast<int>(blockDim.x)) {
    max_scores[split] = scratch.max_score[first + split];
    weight_sums[split] = scratch.weight_sum[first + split];
  }
  __syncthreads();
  float max_score = kNoScore;
  for (int split = 0; split < shape.num_splits; ++split) {
    max_score = fmaxf(max_score, max_scores[split]);
  }
  float weight_sum = 0;
  float value = 0;
#pragma unroll 16
  for (int split = 0; split < shape.num_splits; ++split) {
    const float scale = exp2f(max_scores[split] - max_score);
    weight_sum += scale * weight_sums[split];
    value += scale * scratch.values[(first + split) * shape.head_dim + threadIdx.x];
  }
  out[head * shape.head_dim + threadIdx.x] = narrow<T>(weight_sum > 0 ? value / weight_sum : 0.0F);
}

std::size_t num_partials(const DecodeAttentionShape& shape) {
  return std::size_t(shape.num_sequences) * shape.num_heads * shape.num_splits;
}

Scratch carve(const DecodeAttentionShape& shape, void* memory) {
  auto* floats = static_cast<float*>(memory);
  const std::size_t partials = num_partials(shape);
  return {floats, floats + partials, floats + 2 * partials};
}

int chunks_of_group(const DecodeAttentionShape& shape) {
  return (shape.group() + kQueryRows - 1) / kQueryRows;
}

}  // namespace

int choose_num_splits(const DecodeAttentionShape& shape, int multiprocessors) {
  const int blocks = shape.num_sequences * shape.num_kv_heads * chunks_of_group(shape);
  const int wanted = (kBlocksPerMultiprocessor * multiprocessors + blocks - 1) / blocks;
  const int most = std::min(shape.max_blocks * kKvBlockTokens / kMinSplitTokens, kMaxSplits);
  return std::clamp(wanted, 1, std::max(1, most));
}

std::size_t attention_decode_scratch_bytes(const DecodeAttentionShape& shape) {
  return num_partials(shape) * (2 + shape.head_dim) * sizeof(float);
}

// splits <= wanted <= W / blocks + 1 with W = kBlocksPerMultiprocessor * multiprocessors and
// blocks = num_sequences * num_kv_heads * chunks, so the partials, num_sequences * num_heads *
// splits, are at most W * group / chunks + num_sequences * num_heads, and group / chunks is at most
// kQueryRows.
std::size_t attention_decode_most_scratch_bytes(const DecodeAttentionShape& shape,
                                                int multiprocessors) {
  const std::size_t partials = std::size_t(shape.num_sequences) * shape.num_heads +
                               std::size_t(kBlocksPerMultiprocessor) * multiprocessors * kQueryRows;
  return partials * (2 + shape.head_dim) * sizeof(float);
}

template <typename T>
cudaError_t attention_decode(const DecodeAttentionShape& shape,
                             const DecodeAttentionData<T>& data,
                             void* scratch_memory,
                             cudaStream_t stream) {
  if (shape.num_splits < 1 || shape.num_splits > kMaxSplits) {
    return cudaErrorInvalidValue;
  }
  const Scratch scratch = carve(shape, scratch_memory);
  const dim3 grid(
      shape.num_kv_heads * chunks_of_group(shape), shape.num_sequences, shape.num_splits);
  cudaError_t error = cudaErrorInvalidValue;
  if (shape.head_dim == 128) {
    error = launch_overlapping(attend_splits<T, 128>, grid, kThreads, stream, shape, data, scratch);
  } else if (shape.head_dim == 64) {
    error = launch_overlapping(attend_splits<T, 64>, grid, kThreads, stream, shape, data, scratch);
  }
  if (error != cudaSuccess) {
    return error;
  }
  return launch_overlapping(merge_splits<T>,
                            dim3(shape.num_heads, shape.num_sequences),
                            shape.head_dim,
                            stream,
                            shape,
                            scratch,
                            data.out);
}

template cudaError_t attention_decode(const DecodeAttentionShape&,
                                      const DecodeAttentionData<Bfloat16>&,
                                      void*,
                                      cudaStream_t);
template cudaError_t attention_decode(const DecodeAttentionShape&,
                                      const DecodeAttentionData<Float16>&,
                                      void*,
                                      cudaStream_t);

}  // namespace hexgen::kernels
