#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace hexgen::kernels {

/// *sum = sum of the words, modulo 2^64. Reads every byte once and writes next to nothing: its time
/// is the read bandwidth of the memory.
/// words: [count], aligned to 16 bytes; sum: one word; both in device memory. multiprocessors: that
/// the stream's kernels run on.
cudaError_t stream_read(const std::uint32_t* words,
                        std::size_t count,
                        std::uint64_t* sum,
                        int multiprocessors,
                        cudaStream_t stream);

}  // namespace hexgen::kernels
