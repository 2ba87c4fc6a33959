#pragma once

#include <cuda_runtime_api.h>

#include <utility>

#include "runner/cuda_check.h"

namespace hexgen {

/// Owns a CUDA stream.
class Stream {
 public:
  /// A stream of the current device.
  Stream() { HEXGEN_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }

  /// Takes over a stream.
  explicit Stream(cudaStream_t stream)
      : stream_(stream) {}

  Stream(Stream&& other) noexcept
      : stream_(std::exchange(other.stream_, nullptr)) {}

  Stream& operator=(Stream&& other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
  }

  ~Stream() {
    if (stream_ != nullptr) {
      cudaStreamDestroy(stream_);
    }
  }

  cudaStream_t get() const { return stream_; }

  void synchronize() const { HEXGEN_CUDA_CHECK(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace hexgen
