#include "kernels/embedding.h"
#include "kernels/overlap.cuh"
#include "kernels/vector8.cuh"

namespace hexgen::kernels {
namespace {

constexpr int kThreads = 128;

/// One block a token.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    embedding_kernel(EmbeddingShape shape, EmbeddingData<T> data) {
  let_next_kernel_start();
  wait_for_earlier_kernels();
  const int row = data.tokens[blockIdx.x] - shape.first_row;
  const bool held = row >= 0 && row < shape.num_rows;
  const T* from = data.table + std::size_t(held ? row : 0) * shape.hidden_dim;
  T* to = data.out + std::size_t{blockIdx.x} * shape.hidden_dim;
  for (int i = static_cast<int>(threadIdx.x) * kVectorWidth; i < shape.hidden_dim;
       i += kThreads * kVectorWidth) {
    *reinterpret_cast<uint4*>(to + i) = held ? *reinterpret_cast<const uint4*>(from + i) : uint4{};
  }
}

}  // namespace

template <typename T>
cudaError_t embedding(const EmbeddingShape& shape,
                      const EmbeddingData<T>& data,
                      cudaStream_t stream) {
  if (shape.hidden_dim % kVectorWidth != 0) {
    return cudaErrorInvalidValue;
  }
  return launch_overlapping(
      embedding_kernel<T>, dim3(shape.num_tokens), kThreads, stream, shape, data);
}

template cudaError_t embedding(const EmbeddingShape&, const EmbeddingData<Bfloat16>&, cudaStream_t);
template cudaError_t embedding(const EmbeddingShape&, const EmbeddingData<Float16>&, cudaStream_t);

}  // namespace hexgen::kernels
