#pragma once

#include <cuda_runtime_api.h>

#include <functional>

#include "runner/stream.h"

namespace hexgen {

/// Launches recorded once and replayed as one.
class CudaGraph {
 public:
  /// Records what `work` puts on the stream; nothing runs.
  CudaGraph(const Stream& stream, const std::function<void()>& work);
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  ~CudaGraph();

  void launch(const Stream& stream) const;

 private:
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace hexgen
