#include "kernels/overlap.cuh"
#include "kernels/rms_norm.h"
#include "kernels/vector8.cuh"

namespace hexgen::kernels {
namespace {

constexpr int kMaxThreads = 512;

__device__ float sum_over_block(float x) {
  __shared__ float warp_sums[kMaxThreads / 32];
  const float warp_sum = sum_over_warp(x);
  if (threadIdx.x % 32 == 0) {
    warp_sums[threadIdx.x / 32] = warp_sum;
  }
  __syncthreads();
  float sum = 0;
  for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) {
    sum += warp_sums[warp];
  }
  return sum;
}

/// residual += x for one vector; the sum as it is stored, so that the norm sees what others see.
template <typename T>
__device__ Vector8 add_vector(const T* x, T* residual) {
  Vector8 sum = load8(residual);
  if (x == nullptr) {
    return sum;
  }
  const Vector8 added = load8(x);
#pragma unroll
  for (int i = 0; i < kVectorWidth; ++i) {
    sum.values[i] += added.values[i];
  }
  store8(sum, residual);
  return load8(residual);
}

/// One block a row. Each thread reads again what it alone wrote.
template <typename T>
__global__ void __launch_bounds__(kMaxThreads)
    rms_norm_kernel(RmsNormShape shape, RmsNormData<T> data) {
  let_next_kernel_start();
  wait_for_earlier_kernels();
  const std::size_t row = std::size_t{blockIdx.x} * shape.width;
  const int step = static_cast<int>(blockDim.x) * kVectorWidth;
  const int first = static_cast<int>(threadIdx.x) * kVectorWidth;
  float squares = 0;
  for (int i = first; i < shape.width; i += step) {
    const T* x = data.x == nullptr ? nullptr : data.x + row + i;
    const Vector8 sum = add_vector(x, data.residual + row + i);
#pragma unroll
    for (const float value : sum.values) {
      squares += value * value;
    }
  }
  if (data.out == nullptr) {
    return;
  }
  const float mean = sum_over_block(squares) / static_cast<float>(shape.width);
  const float scale = rsqrtf(mean + shape.epsilon);
  for (int i = first; i < shape.width; i += step) {
    Vector8 values = load8(data.residual + row + i);
    const Vector8 weight = load8(data.weight + i);
#pragma unroll
    for (int j = 0; j < kVectorWidth; ++j) {
      values.values[j] *= scale * weight.values[j];
    }
    store8(values, data.out + row + i);
  }
}

}  // namespace

template <typename T>
cudaError_t rms_norm(const RmsNormShape& shape, const RmsNormData<T>& data, cudaStream_t stream) {
  if (shape.width % kVectorWidth != 0) {
    return cudaErrorInvalidValue;
  }
  const int vectors = shape.width / kVectorWidth;
  const int threads = vectors >= kMaxThreads ? kMaxThreads : (vectors + 31) / 32 * 32;
  return launch_overlapping(rms_norm_kernel<T>, dim3(shape.num_rows), threads, stream, shape, data);
}

template cudaError_t rms_norm(const RmsNormShape&, const RmsNormData<Bfloat16>&, cudaStream_t);
template cudaError_t rms_norm(const RmsNormShape&, const RmsNormData<Float16>&, cudaStream_t);

}  // namespace hexgen::kernels
