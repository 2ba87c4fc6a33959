#include "tests/runner/cuda/visit_multiprocessors.h"

namespace hexgen::test {
namespace {

constexpr int kBlocks = 1024;
constexpr int kThreads = 1024;  // two blocks fill a multiprocessor
constexpr long long kClocks = 100'000;

__global__ void visit(int* visited) {
  unsigned multiprocessor = 0;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(multiprocessor));
  if (threadIdx.x == 0) {
    visited[multiprocessor] = 1;
  }
  const long long begin = clock64();
  while (clock64() - begin < kClocks) {
  }
}

}  // namespace

cudaError_t visit_multiprocessors(int* visited, cudaStream_t stream) {
  visit<<<kBlocks, kThreads, 0, stream>>>(visited);
  return cudaGetLastError();
}

}  // namespace hexgen::test
