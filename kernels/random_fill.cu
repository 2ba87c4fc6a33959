#include <cuda_bf16.h>

#include "kernels/random_fill.h"
#include "kernels/random_value.h"

namespace hexgen::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocks = 2048;

__global__ void random_fill_kernel(__nv_bfloat16* values, std::size_t count, std::uint32_t seed) {
  const std::size_t stride = std::size_t{gridDim.x} * kThreads;
  for (std::size_t i = std::size_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += stride) {
    values[i] = __float2bfloat16(random_value(seed, i));
  }
}

}  // namespace

cudaError_t random_fill(Bfloat16* values,
                        std::size_t count,
                        std::uint32_t seed,
                        cudaStream_t stream) {
  random_fill_kernel<<<kBlocks, kThreads, 0, stream>>>(
      reinterpret_cast<__nv_bfloat16*>(values), count, seed);
  return cudaGetLastError();
}

}  // namespace hexgen::kernels
