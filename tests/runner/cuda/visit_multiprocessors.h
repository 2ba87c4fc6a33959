#pragma once

#include <cuda_runtime_api.h>

namespace hexgen::test {

inline constexpr int kMostMultiprocessors = 1024;

/// visited[m] = 1 for each multiprocessor m that the stream's kernels run on; long enough for every
/// one that is free to get a block. visited: [kMostMultiprocessors] in device memory.
cudaError_t visit_multiprocessors(int* visited, cudaStream_t stream);

}  // namespace hexgen::test
