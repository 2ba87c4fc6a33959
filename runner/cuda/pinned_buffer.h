#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <utility>

#include "runner/cuda_check.h"

namespace hexgen {

/// Owns `bytes` of host memory that copies to and from a GPU can use without waiting.
class PinnedBuffer {
 public:
  explicit PinnedBuffer(std::size_t bytes)
      : bytes_(bytes) {
    HEXGEN_CUDA_CHECK(cudaMallocHost(&data_, bytes));
  }

  PinnedBuffer(PinnedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}

  PinnedBuffer& operator=(PinnedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  ~PinnedBuffer() { cudaFreeHost(data_); }

  std::byte* data() const { return static_cast<std::byte*>(data_); }

  std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace hexgen
