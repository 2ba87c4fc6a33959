#pragma once

#include <cuda_runtime_api.h>

#include "runner/cuda_check.h"
#include "runner/stream.h"

namespace hexgen {

/// Times what a stream does between start() and stop().
class EventTimer {
 public:
  EventTimer() {
    HEXGEN_CUDA_CHECK(cudaEventCreate(&start_));
    HEXGEN_CUDA_CHECK(cudaEventCreate(&stop_));
  }

  EventTimer(const EventTimer&) = delete;
  EventTimer& operator=(const EventTimer&) = delete;

  ~EventTimer() {
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
  }

  void start(const Stream& stream) { HEXGEN_CUDA_CHECK(cudaEventRecord(start_, stream.get())); }

  void stop(const Stream& stream) { HEXGEN_CUDA_CHECK(cudaEventRecord(stop_, stream.get())); }

  /// The stream must have passed stop().
  double elapsed_s() const {
    float elapsed_ms = 0;
    HEXGEN_CUDA_CHECK(cudaEventElapsedTime(&elapsed_ms, start_, stop_));
    return elapsed_ms * 1e-3;
  }

 private:
  cudaEvent_t start_ = nullptr;
  cudaEvent_t stop_ = nullptr;
};

}  // namespace hexgen
