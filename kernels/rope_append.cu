#include "kernels/overlap.cuh"
#include "kernels/rope_append.h"
#include "kernels/vector8.cuh"

namespace hexgen::kernels {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
constexpr int kHeadsPerWarp = 4;  // share their sines and cosines
constexpr int kMaxHeadDim = 256;
constexpr int kMaxPairs = kMaxHeadDim / 4 / 32;  // of a lane: elements i, i + 1 and those a half on

/// A lane's part of a head: elements 2 * (lane + 32 * j) and the next, of the lower and upper half.
struct LanePart {
  float2 lower[kMaxPairs];
  float2 upper[kMaxPairs];
};

/// Sines (x, y of `sine`) and cosines of a lane's two elements.
struct Angles {
  float2 sine[kMaxPairs];
  float2 cosine[kMaxPairs];
};

template <typename T>
__device__ float2 load_pair(const T* from) {
  return unpack<T>(*reinterpret_cast<const unsigned*>(from));
}

template <typename T>
__device__ void store_pair(float2 pair, T* to) {
  *reinterpret_cast<unsigned*>(to) = pack<T>(pair.x, pair.y);
}

__device__ float2 add(float2 a, float2 b) {
  return {a.x + b.x, a.y + b.y};
}

/// Calls visit(j, i) for each pair j of this lane, i being its first element.
template <typename Visit>
__device__ void for_each_pair(int half, Visit visit) {
#pragma unroll
  for (int j = 0; j < kMaxPairs; ++j) {
    const int i = 2 * (static_cast<int>(threadIdx.x) % 32 + 32 * j);
    if (i < half) {
      visit(j, i);
    }
  }
}

__device__ Angles angles_of(const float* inverse_frequencies, int position, int half) {
  Angles angles;
  for_each_pair(half, [&](int j, int i) {
    const auto at = static_cast<float>(position);
    sincosf(at * inverse_frequencies[i], &angles.sine[j].x, &angles.cosine[j].x);
    sincosf(at * inverse_frequencies[i + 1], &angles.sine[j].y, &angles.cosine[j].y);
  });
  return angles;
}

template <typename T>
__device__ LanePart load_head(const T* head, const T* bias, int half) {
  LanePart part;
  for_each_pair(half, [&](int j, int i) {
    part.lower[j] = load_pair(head + i);
    part.upper[j] = load_pair(head + half + i);
    if (bias != nullptr) {
      part.lower[j] = add(part.lower[j], load_pair(bias + i));
      part.upper[j] = add(part.upper[j], load_pair(bias + half + i));
    }
  });
  return part;
}

template <typename T>
__device__ void normalise(LanePart& part, const T* weight, int half, float epsilon) {
  float squares = 0;
  for_each_pair(half, [&](int j, int) {
    squares += part.lower[j].x * part.lower[j].x + part.lower[j].y * part.lower[j].y +
               part.upper[j].x * part.upper[j].x + part.upper[j].y * part.upper[j].y;
  });
  const float mean = sum_over_warp(squares) / static_cast<float>(2 * half);
  const float scale = rsqrtf(mean + epsilon);
  for_each_pair(half, [&](int j, int i) {
    const float2 lower = load_pair(weight + i);
    const float2 upper = load_pair(weight + half + i);
    part.lower[j] = {part.lower[j].x * scale * lower.x, part.lower[j].y * scale * lower.y};
    part.upper[j] = {part.upper[j].x * scale * upper.x, part.upper[j].y * scale * upper.y};
  });
}

__device__ void rotate(LanePart& part, const Angles& angles, int half) {
  for_each_pair(half, [&](int j, int) {
    const float2 first = part.lower[j];
    const float2 second = part.upper[j];
    const float2 sine = angles.sine[j];
    const float2 cosine = angles.cosine[j];
    part.lower[j] = {first.x * cosine.x - second.x * sine.x,
                     first.y * cosine.y - second.y * sine.y};
    part.upper[j] = {second.x * cosine.x + first.x * sine.x,
                     second.y * cosine.y + first.y * sine.y};
  });
}

template <typename T>
__device__ void store_head(const LanePart& part, int half, T* to) {
  for_each_pair(half, [&](int j, int i) {
    store_pair(part.lower[j], to + i);
    store_pair(part.upper[j], to + half + i);
  });
}

/// Where head `index` of a token's row goes; null when it is not kept.
template <typename T>
__device__ T* destination(const RopeAppendShape& shape,
                          const RopeAppendData<T>& data,
                          int token,
                          int index) {
  if (index < shape.num_heads) {
    return data.q + (std::size_t(token) * shape.num_heads + index) * shape.head_dim;
  }
  const int slot = data.slots[token];
  if (slot == kNoSlot) {
    return nullptr;
  }
  const int kv_index = index - shape.num_heads;
  T* cache = kv_index < shape.num_kv_heads ? data.cache.k : data.cache.v;
  const std::size_t head_block =
      std::size_t(slot / kKvBlockTokens) * shape.num_kv_heads + kv_index % shape.num_kv_heads;
  return cache + (head_block * kKvBlockTokens + slot % kKvBlockTokens) * shape.head_dim;
}

/// One warp takes kHeadsPerWarp heads of one token's row.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    rope_append_kernel(RopeAppendShape shape, RopeAppendData<T> data) {
  let_next_kernel_start();
  wait_for_earlier_kernels();
  const int token = static_cast<int>(blockIdx.x);
  const int half = shape.head_dim / 2;
  const int warp = static_cast<int>(blockIdx.y) * kWarps + static_cast<int>(threadIdx.x) / 32;
  const int begin = warp * kHeadsPerWarp;
  const int end = min(begin + kHeadsPerWarp, shape.row_heads());
  const Angles angles = angles_of(data.inverse_frequencies, data.positions[token], half);
  const T* row = data.qkv + std::size_t(token) * shape.row_heads() * shape.head_dim;
  for (int index = begin; index < end; ++index) {
    const int in_row = index * shape.head_dim;
    LanePart part =
        load_head(row + in_row, data.bias == nullptr ? nullptr : data.bias + in_row, half);
    if (index < shape.num_heads + shape.num_kv_heads) {
      const T* norm = index < shape.num_heads ? data.q_norm : data.k_norm;
      if (norm != nullptr) {
        normalise(part, norm, half, shape.epsilon);
      }
      rotate(part, angles, half);
    }
    if (T* to = destination(shape, data, token, index); to != nullptr) {
      store_head(part, half, to);
    }
  }
}

}  // namespace

template <typename T>
cudaError_t rope_append(const RopeAppendShape& shape,
                        const RopeAppendData<T>& data,
                        cudaStream_t stream) {
  if (shape.head_dim % 4 != 0 || shape.head_dim > kMaxHeadDim) {
    return cudaErrorInvalidValue;
  }
  constexpr int kHeadsPerBlock = kWarps * kHeadsPerWarp;
  const dim3 grid(shape.num_tokens, (shape.row_heads() + kHeadsPerBlock - 1) / kHeadsPerBlock);
  return launch_overlapping(rope_append_kernel<T>, grid, kThreads, stream, shape, data);
}

template cudaError_t rope_append(const RopeAppendShape&,
                                 const RopeAppendData<Bfloat16>&,
                                 cudaStream_t);
template cudaError_t rope_append(const RopeAppendShape&,
                                 const RopeAppendData<Float16>&,
                                 cudaStream_t);

}  // namespace hexgen::kernels
