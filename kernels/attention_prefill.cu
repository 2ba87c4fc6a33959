#include "kernels/attention_prefill.h"
#include "kernels/attention_prefill_tile.cuh"
#include "kernels/tensor_core.cuh"

// FlashAttention (Dao et al. 2022) on mma.m16n8k16 with a paged cache. A block takes 64 queries of
// one head, 16 a warp, whose queries and results stay in registers; tiles of 64 keys and values
// pass through shared memory, the next one on its way while one is worked on.
namespace hexgen::kernels {
namespace {

constexpr int kWarps = 4;
constexpr int kBlocksPerMultiprocessor = 3;  // bounds the registers of a thread
constexpr int kThreads = 32 * kWarps;
constexpr int kTileQueries = 16 * kWarps;

template <typename T, int kHeadDim>
struct SharedTiles {
  Tile<T, kHeadDim> k[2];
  Tile<T, kHeadDim> v[2];
};

/// One warp's 16 queries and what they have gathered so far.
template <int kHeadDim>
struct QueryState {
  LeftFragment q[kHeadDim / 16];
  Accumulator values[kHeadDim / 8];
  float max_upper = kNoScore;
  float max_lower = kNoScore;
  float sum_upper = 0;  // of this lane's columns only
  float sum_lower = 0;
};

/// Which queries a block has, and where they stand in their sequence.
struct QueryTile {
  int sequence;
  int head;
  int first;    // of the tile, in its sequence's new tokens
  int queries;  // new tokens of the sequence
  int start;    // of the sequence in q and out
  int past;     // cached tokens before the new ones
};

template <typename T>
__device__ QueryTile tile_of_block(const PrefillAttentionShape& shape,
                                   const PrefillAttentionData<T>& data) {
  QueryTile tile;
  tile.sequence = static_cast<int>(blockIdx.z);
  tile.head = static_cast<int>(blockIdx.y);
  // The last queries see most keys: begin with them.
  tile.first = static_cast<int>(gridDim.x - 1 - blockIdx.x) * kTileQueries;
  tile.start = data.query_starts[tile.sequence];
  tile.queries = data.query_starts[tile.sequence + 1] - tile.start;
  tile.past = data.context_tokens[tile.sequence] - tile.queries;
  return tile;
}

/// Element of q and out at which dimension d of query `query` begins.
__device__ std::size_t query_offset(const PrefillAttentionShape& shape,
                                    const QueryTile& tile,
                                    int query) {
  return (std::size_t(tile.start + query) * shape.num_heads + tile.head) * shape.head_dim;
}

template <typename T>
__device__ unsigned load_pair(const T* from, bool valid) {
  return valid ? *reinterpret_cast<const unsigned*>(from) : 0U;
}

template <typename T, int kHeadDim>
__device__ void load_queries(const PrefillAttentionShape& shape,
                             const QueryTile& tile,
                             const T* q,
                             int row,
                             int column,
                             QueryState<kHeadDim>& state) {
  const bool has_upper = row < tile.queries;
  const bool has_lower = row + 8 < tile.queries;
  const T* upper = q + (has_upper ? query_offset(shape, tile, row) : 0);
  const T* lower = q + (has_lower ? query_offset(shape, tile, row + 8) : 0);
#pragma unroll
  for (int chunk = 0; chunk < kHeadDim / 16; ++chunk) {
    const int low = 16 * chunk + 2 * column;
    const int high = low + 8;
    state.q[chunk] = {load_pair(upper + low, has_upper && low < shape.head_dim),
                      load_pair(lower + low, has_lower && low < shape.head_dim),
                      load_pair(upper + high, has_upper && high < shape.head_dim),
                      load_pair(lower + high, has_lower && high < shape.head_dim)};
  }
}

/// Raw scores of a warp's queries with the keys of a tile.
template <typename T, int kHeadDim>
__device__ void score_keys(const QueryState<kHeadDim>& state,
                           const Tile<T, kHeadDim>& k,
                           Accumulator (&scores)[kTileKeys / 8]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int key = lane / 16 * 8 + lane % 8;  // of 16, whose row this lane names
  const int dimension = lane / 8 % 2 * 8;
#pragma unroll
  for (int chunk = 0; chunk < kHeadDim / 16; ++chunk) {
#pragma unroll
    for (int keys = 0; keys < kTileKeys; keys += 16) {
      const FourMatrices b = load_matrices(&k.rows[keys + key][16 * chunk + dimension]);
      multiply_add<T>(scores[keys / 8], state.q[chunk], b.m[0], b.m[1]);
      multiply_add<T>(scores[keys / 8 + 1], state.q[chunk], b.m[2], b.m[3]);
    }
  }
}

/// Sets the scores of keys behind a query aside. `upper_seen` keys of the tile count for the lane's
/// upper query, 8 more for the lower one.
__device__ void mask(Accumulator (&scores)[kTileKeys / 8], int upper_seen, int column) {
#pragma unroll
  for (int n = 0; n < kTileKeys / 8; ++n) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int key = 8 * n + 2 * column + i;
      scores[n].upper[i] = key < upper_seen ? scores[n].upper[i] : 2 * kNoScore;
      scores[n].lower[i] = key < upper_seen + 8 ? scores[n].lower[i] : 2 * kNoScore;
    }
  }
}

/// Turns one row's raw scores into weights; returns by what the row's earlier sums shrink.
__device__ float reweigh(Accumulator (&scores)[kTileKeys / 8],
                         float (Accumulator::*row)[2],
                         float scale,
                         float& max_score,
                         float& sum) {
  float largest = 2 * kNoScore;
#pragma unroll
  for (Accumulator& pair : scores) {
    largest = fmaxf(largest, fmaxf((pair.*row)[0], (pair.*row)[1]));
  }
  const float new_max = fmaxf(max_score, max_over_columns(largest) * scale);
  const float shrink = exp2f(max_score - new_max);
  max_score = new_max;
  sum *= shrink;
#pragma unroll
  for (Accumulator& pair : scores) {
#pragma unroll
    for (float& score : pair.*row) {
      score = exp2f(score * scale - new_max);
      sum += score;
    }
  }
  return shrink;
}

/// values = values * shrink + weights * v
template <typename T, int kHeadDim>
__device__ void add_values(const Accumulator (&weights)[kTileKeys / 8],
                           const Tile<T, kHeadDim>& v,
                           float shrink_upper,
                           float shrink_lower,
                           QueryState<kHeadDim>& state) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int token = lane % 16;  // of 16, whose row this lane names
  const int dimension = lane / 16 * 8;
#pragma unroll
  for (Accumulator& value : state.values) {
    value.scale(shrink_upper, shrink_lower);
  }
#pragma unroll
  for (int tokens = 0; tokens < kTileKeys; tokens += 16) {
    const Accumulator& low = weights[tokens / 8];
    const Accumulator& high = weights[tokens / 8 + 1];
    const LeftFragment a = {pack<T>(low.upper[0], low.upper[1]),
                            pack<T>(low.lower[0], low.lower[1]),
                            pack<T>(high.upper[0], high.upper[1]),
                            pack<T>(high.lower[0], high.lower[1])};
#pragma unroll
    for (int d = 0; d < kHeadDim; d += 16) {
      const FourMatrices b = load_matrices_transposed(&v.rows[tokens + token][d + dimension]);
      multiply_add<T>(state.values[d / 8], a, b.m[0], b.m[1]);
      multiply_add<T>(state.values[d / 8 + 1], a, b.m[2], b.m[3]);
    }
  }
}

/// Takes one tile in. `upper_seen`: keys of the tile that the lane's upper query sees.
template <typename T, int kHeadDim>
__device__ void fold(const Tile<T, kHeadDim>& k,
                     const Tile<T, kHeadDim>& v,
                     int upper_seen,
                     float scale,
                     int column,
                     QueryState<kHeadDim>& state) {
  Accumulator scores[kTileKeys / 8];
  score_keys(state, k, scores);
  if (upper_seen < kTileKeys) {
    mask(scores, upper_seen, column);
  }
  const float upper = reweigh(scores, &Accumulator::upper, scale, state.max_upper, state.sum_upper);
  const float lower = reweigh(scores, &Accumulator::lower, scale, state.max_lower, state.sum_lower);
  add_values(scores, v, upper, lower, state);
}

template <typename T, int kHeadDim>
__device__ void write_results(const PrefillAttentionShape& shape,
                              const QueryTile& tile,
                              int row,
                              int column,
                              const QueryState<kHeadDim>& state,
                              T* out) {
  const float upper = 1.0F / sum_over_columns(state.sum_upper);
  const float lower = 1.0F / sum_over_columns(state.sum_lower);
#pragma unroll
  for (int n = 0; n < kHeadDim / 8; ++n) {
    const int d = 8 * n + 2 * column;
    if (d >= shape.head_dim) {
      continue;
    }
    const Accumulator& value = state.values[n];
    if (row < tile.queries) {
      *reinterpret_cast<unsigned*>(out + query_offset(shape, tile, row) + d) =
          pack<T>(value.upper[0] * upper, value.upper[1] * upper);
    }
    if (row + 8 < tile.queries) {
      *reinterpret_cast<unsigned*>(out + query_offset(shape, tile, row + 8) + d) =
          pack<T>(value.lower[0] * lower, value.lower[1] * lower);
    }
  }
}

template <typename T, int kHeadDim>
__global__ void __launch_bounds__(kThreads, kBlocksPerMultiprocessor)
    attend(PrefillAttentionShape shape, PrefillAttentionData<T> data) {
  extern __shared__ __align__(16) unsigned char memory[];
  auto& tiles = *reinterpret_cast<SharedTiles<T, kHeadDim>*>(memory);
  const QueryTile tile = tile_of_block(shape, data);
  if (tile.first >= tile.queries) {
    return;
  }
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int column = lane % 4;
  const int row = tile.first + static_cast<int>(threadIdx.x) / 32 * 16 + lane / 4;
  QueryState<kHeadDim> state;
  load_queries(shape, tile, data.q, row, column, state);

  const int end = tile.past + min(tile.first + kTileQueries, tile.queries);  // of keys seen
  const PagedRows rows = {data.block_table + std::size_t(tile.sequence) * shape.max_blocks,
                          shape.num_kv_heads,
                          tile.head / (shape.num_heads / shape.num_kv_heads),
                          shape.head_dim,
                          end};
  const auto fetch = [&](int first, int buffer) {
    rows.fetch<kThreads>(data.cache.k, first, tiles.k[buffer]);
    rows.fetch<kThreads>(data.cache.v, first, tiles.v[buffer]);
    commit_copies();
  };
  const float scale = kLog2E * rsqrtf(static_cast<float>(shape.head_dim));
  fetch(0, 0);
  int buffer = 0;
  for (int first = 0; first < end; first += kTileKeys, buffer ^= 1) {
    if (first + kTileKeys < end) {
      fetch(first + kTileKeys, buffer ^ 1);
      wait_for_copies<1>();
    } else {
      wait_for_copies<0>();
    }
    __syncthreads();
    fold(tiles.k[buffer], tiles.v[buffer], tile.past + row + 1 - first, scale, column, state);
    __syncthreads();  // before the buffer is filled again
  }
  write_results(shape, tile, row, column, state, data.out);
}

template <typename T, int kHeadDim>
cudaError_t launch(const PrefillAttentionShape& shape,
                   const PrefillAttentionData<T>& data,
                   cudaStream_t stream) {
  constexpr int kBytes = sizeof(SharedTiles<T, kHeadDim>);
  if (const cudaError_t error = cudaFuncSetAttribute(
          attend<T, kHeadDim>, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
      error != cudaSuccess) {
    return error;
  }
  const dim3 grid(
      (shape.max_queries + kTileQueries - 1) / kTileQueries, shape.num_heads, shape.num_sequences);
  attend<T, kHeadDim><<<grid, kThreads, kBytes, stream>>>(shape, data);
  return cudaGetLastError();
}

}  // namespace

template <typename T>
cudaError_t attention_prefill(const PrefillAttentionShape& shape,
                              const PrefillAttentionData<T>& data,
                              cudaStream_t stream) {
  if (!attention_prefill_has(shape.head_dim)) {
    return cudaErrorInvalidValue;
  }
  if (shape.head_dim <= 32) {
    return launch<T, 32>(shape, data, stream);
  }
  if (shape.head_dim <= 64) {
    return launch<T, 64>(shape, data, stream);
  }
  return launch<T, 128>(shape, data, stream);
}

template cudaError_t attention_prefill(const PrefillAttentionShape&,
                                       const PrefillAttentionData<Bfloat16>&,
                                       cudaStream_t);
template cudaError_t attention_prefill(const PrefillAttentionShape&,
                                       const PrefillAttentionData<Float16>&,
                                       cudaStream_t);

}  // namespace hexgen::kernels
