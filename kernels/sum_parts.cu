#include <algorithm>
#include <cstdint>

#include "kernels/sum_parts.h"
#include "kernels/vector8.cuh"

namespace hexgen::kernels {
namespace {

constexpr int kThreads = 256;
constexpr std::size_t kMostBlocks = 1024;
constexpr std::uintptr_t kAlignment = 16;

/// One thread a vector, and the first ones an element of the rest each.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    sum_parts_kernel(SumPartsShape shape, SumPartsData<T> data) {
  const std::size_t vectors = shape.count / kVectorWidth;
  const std::size_t thread = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::size_t threads = std::size_t{gridDim.x} * kThreads;
  for (std::size_t i = thread; i < vectors; i += threads) {
    Vector8 sum = {};
#pragma unroll 4
    for (int part = 0; part < shape.num_parts; ++part) {
      const Vector8 addend = load8(data.parts[part] + i * kVectorWidth);
#pragma unroll
      for (int j = 0; j < kVectorWidth; ++j) {
        sum.values[j] += addend.values[j];
      }
    }
    store8(sum, data.out + i * kVectorWidth);
  }
  for (std::size_t i = vectors * kVectorWidth + thread; i < shape.count; i += threads) {
    float sum = 0;
    for (int part = 0; part < shape.num_parts; ++part) {
      sum += widen_one(data.parts[part][i]);
    }
    data.out[i] = narrow<T>(sum);
  }
}

bool is_aligned(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % kAlignment == 0;
}

}  // namespace

template <typename T>
cudaError_t sum_parts(const SumPartsShape& shape,
                      const SumPartsData<T>& data,
                      cudaStream_t stream) {
  if (shape.num_parts > kMostSumParts || !is_aligned(data.out) ||
      !std::all_of(data.parts, data.parts + shape.num_parts, is_aligned)) {
    return cudaErrorInvalidValue;
  }
  const std::size_t vectors = (shape.count + kVectorWidth - 1) / kVectorWidth;
  const std::size_t blocks = std::clamp<std::size_t>(vectors / kThreads + 1, 1, kMostBlocks);
  sum_parts_kernel<<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(shape, data);
  return cudaGetLastError();
}

template cudaError_t sum_parts(const SumPartsShape&, const SumPartsData<float>&, cudaStream_t);
template cudaError_t sum_parts(const SumPartsShape&, const SumPartsData<Bfloat16>&, cudaStream_t);
template cudaError_t sum_parts(const SumPartsShape&, const SumPartsData<Float16>&, cudaStream_t);

}  // namespace hexgen::kernels
