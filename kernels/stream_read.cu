#include "kernels/stream_read.h"

namespace hexgen::kernels {
namespace {

constexpr int kThreads = 512;
constexpr int kBlocksPerMultiprocessor = 4;
constexpr int kLoadsInFlight = 4;  // a thread; hides the latency of memory

using Sum = unsigned long long;  // the type that atomicAdd knows

__device__ Sum add_words(uint4 v) {
  return Sum{v.x} + v.y + v.z + v.w;
}

__global__ void __launch_bounds__(kThreads)
    stream_read_kernel(const std::uint32_t* __restrict__ words, std::size_t count, Sum* sum) {
  const auto* vectors = reinterpret_cast<const uint4*>(words);
  const std::size_t num_vectors = count / 4;
  const std::size_t stride = std::size_t{gridDim.x} * kThreads;
  const std::size_t first = std::size_t{blockIdx.x} * kThreads + threadIdx.x;

  Sum partial = 0;
  std::size_t i = first;
  for (; i + (kLoadsInFlight - 1) * stride < num_vectors; i += kLoadsInFlight * stride) {
    uint4 loaded[kLoadsInFlight];
#pragma unroll
    for (int k = 0; k < kLoadsInFlight; ++k) {
      loaded[k] = __ldcs(vectors + i + k * stride);
    }
#pragma unroll
    for (int k = 0; k < kLoadsInFlight; ++k) {
      partial += add_words(loaded[k]);
    }
  }
  for (; i < num_vectors; i += stride) {
    partial += add_words(vectors[i]);
  }
  if (first < count % 4) {
    partial += words[num_vectors * 4 + first];
  }

  for (int offset = 16; offset > 0; offset /= 2) {
    partial += __shfl_xor_sync(0xffffffff, partial, offset);
  }
  if (threadIdx.x % 32 == 0 && partial != 0) {
    atomicAdd(sum, partial);
  }
}

}  // namespace

cudaError_t stream_read(const std::uint32_t* words,
                        std::size_t count,
                        std::uint64_t* sum,
                        int multiprocessors,
                        cudaStream_t stream) {
  if (const cudaError_t error = cudaMemsetAsync(sum, 0, sizeof(*sum), stream);
      error != cudaSuccess) {
    return error;
  }
  static_assert(sizeof(Sum) == sizeof(std::uint64_t));
  stream_read_kernel<<<multiprocessors * kBlocksPerMultiprocessor, kThreads, 0, stream>>>(
      words, count, reinterpret_cast<Sum*>(sum));
  return cudaGetLastError();
}

}  // namespace hexgen::kernels
