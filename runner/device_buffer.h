#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "runner/cuda_check.h"

namespace hexgen {

/// Owns `size` elements of the current device's memory, not initialised; null when there are none.
template <typename T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(std::size_t size)
      : size_(size) {
    if (size > 0) {
      HEXGEN_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)));
    }
  }

  explicit DeviceBuffer(const std::vector<T>& values)
      : DeviceBuffer(values.size()) {
    HEXGEN_CUDA_CHECK(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
    HEXGEN_CUDA_CHECK(cudaStreamSynchronize(nullptr));  // the last bytes may still be on their way
  }

  DeviceBuffer(DeviceBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}

  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  ~DeviceBuffer() { cudaFree(data_); }

  T* data() const { return data_; }

  std::size_t size() const { return size_; }

  std::vector<T> to_host() const {
    std::vector<T> values(size_);
    HEXGEN_CUDA_CHECK(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hexgen
