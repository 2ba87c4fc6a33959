#include "kernels/overlap.cuh"
#include "kernels/silu_mul.h"
#include "kernels/vector8.cuh"

namespace hexgen::kernels {
namespace {

constexpr int kThreads = 256;

/// One thread a vector; blocks of the y axis are rows.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    silu_mul_kernel(SiluMulShape shape, SiluMulData<T> data) {
  let_next_kernel_start();
  wait_for_earlier_kernels();
  const int column =
      (static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x)) * kVectorWidth;
  if (column >= shape.width) {
    return;
  }
  const std::size_t row = blockIdx.y;
  const T* gate = data.gate_up + 2 * row * shape.width + column;
  Vector8 values = load8(gate);
  const Vector8 up = load8(gate + shape.width);
#pragma unroll
  for (int i = 0; i < kVectorWidth; ++i) {
    const float x = values.values[i];
    values.values[i] = x / (1.0F + __expf(-x)) * up.values[i];
  }
  store8(values, data.out + row * shape.width + column);
}

}  // namespace

template <typename T>
cudaError_t silu_mul(const SiluMulShape& shape, const SiluMulData<T>& data, cudaStream_t stream) {
  if (shape.width % kVectorWidth != 0) {
    return cudaErrorInvalidValue;
  }
  const int columns = kThreads * kVectorWidth;
  const dim3 grid((shape.width + columns - 1) / columns, shape.num_rows);
  return launch_overlapping(silu_mul_kernel<T>, grid, kThreads, stream, shape, data);
}

template cudaError_t silu_mul(const SiluMulShape&, const SiluMulData<Bfloat16>&, cudaStream_t);
template cudaError_t silu_mul(const SiluMulShape&, const SiluMulData<Float16>&, cudaStream_t);

}  // namespace hexgen::kernels
