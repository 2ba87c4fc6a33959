#include "kernels/matvec.h"
#include "kernels/overlap.cuh"
#include "kernels/vector8.cuh"

namespace hexgen::kernels {
namespace {

constexpr int kWarps = 8;
constexpr int kThreads = 32 * kWarps;
constexpr int kLoadsInFlight = 8;  // of a lane, 16 bytes each; hides the latency of memory
constexpr int kStep = 32 * kVectorWidth;

/// A lane's vectors of a column of w from `first` on; zeros behind its end.
template <typename T>
__device__ void fetch(const T* column, int first, int inner_dim, uint4 (&w)[kLoadsInFlight]) {
#pragma unroll
  for (int i = 0; i < kLoadsInFlight; ++i) {
    const int at = first + i * kStep;
    w[i] = at < inner_dim ? __ldcs(reinterpret_cast<const uint4*>(column + at)) : uint4{};
  }
}

template <int kRows, typename T>
__device__ void add_products(
    const T* x, int first, int inner_dim, const uint4 (&w)[kLoadsInFlight], float (&sums)[kRows]) {
#pragma unroll
  for (int i = 0; i < kLoadsInFlight; ++i) {
    const int at = first + i * kStep;
    if (at >= inner_dim) {
      return;
    }
    const Vector8 factors = widen<T>(w[i]);
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      const Vector8 values = load8(x + std::size_t(row) * inner_dim + at);
#pragma unroll
      for (int j = 0; j < kVectorWidth; ++j) {
        sums[row] += values.values[j] * factors.values[j];
      }
    }
  }
}

/// One warp a column of w.
template <int kRows, typename T, typename Y>
__global__ void __launch_bounds__(kThreads)
    matvec_kernel(MatvecShape shape, MatvecData<T, Y> data) {
  let_next_kernel_start();
  const int column = static_cast<int>(blockIdx.x) * kWarps + static_cast<int>(threadIdx.x) / 32;
  if (column >= shape.columns) {
    return;
  }
  const T* w = data.w + std::size_t(column) * shape.inner_dim;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  uint4 fetched[kLoadsInFlight];
  fetch(w, lane * kVectorWidth, shape.inner_dim, fetched);
  wait_for_earlier_kernels();
  float sums[kRows] = {};
  for (int first = lane * kVectorWidth; first < shape.inner_dim; first += kLoadsInFlight * kStep) {
    add_products(data.x, first, shape.inner_dim, fetched, sums);
    fetch(w, first + kLoadsInFlight * kStep, shape.inner_dim, fetched);
  }
#pragma unroll
  for (int row = 0; row < kRows; ++row) {
    const float sum = sum_over_warp(sums[row]);
    if (lane == 0) {
      data.y[std::size_t(row) * shape.columns + column] = narrow<Y>(sum);
    }
  }
}

}  // namespace

template <typename T, typename Y>
cudaError_t matvec(const MatvecShape& shape, const MatvecData<T, Y>& data, cudaStream_t stream) {
  if (shape.inner_dim % kVectorWidth != 0) {
    return cudaErrorInvalidValue;
  }
  const dim3 grid((shape.columns + kWarps - 1) / kWarps);
  switch (shape.rows) {
    case 1:
      return launch_overlapping(matvec_kernel<1, T, Y>, grid, kThreads, stream, shape, data);
    case 2:
      return launch_overlapping(matvec_kernel<2, T, Y>, grid, kThreads, stream, shape, data);
    case 3:
      return launch_overlapping(matvec_kernel<3, T, Y>, grid, kThreads, stream, shape, data);
    case 4:
      return launch_overlapping(matvec_kernel<4, T, Y>, grid, kThreads, stream, shape, data);
    default:
      return cudaErrorInvalidValue;
  }
}

template cudaError_t matvec(const MatvecShape&,
                            const MatvecData<Bfloat16, Bfloat16>&,
                            cudaStream_t);
template cudaError_t matvec(const MatvecShape&, const MatvecData<Bfloat16, float>&, cudaStream_t);
template cudaError_t matvec(const MatvecShape&, const MatvecData<Float16, Float16>&, cudaStream_t);
template cudaError_t matvec(const MatvecShape&, const MatvecData<Float16, float>&, cudaStream_t);

}  // namespace hexgen::kernels
