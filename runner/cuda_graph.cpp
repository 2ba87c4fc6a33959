#include "runner/cuda_graph.h"

#include "runner/cuda_check.h"

namespace hexgen {
namespace {

/// Capture must end even when the work throws, or the stream stays unusable.
cudaGraph_t capture(const Stream& stream, const std::function<void()>& work) {
  // Thread-local: other threads (NCCL's, say) may allocate meanwhile.
  HEXGEN_CUDA_CHECK(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream.get(), &graph);
    cudaGraphDestroy(graph);
    throw;
  }
  HEXGEN_CUDA_CHECK(cudaStreamEndCapture(stream.get(), &graph));
  return graph;
}

}  // namespace

CudaGraph::CudaGraph(const Stream& stream, const std::function<void()>& work) {
  cudaGraph_t graph = capture(stream, work);
  const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
  cudaGraphDestroy(graph);
  HEXGEN_CUDA_CHECK(status);
}

CudaGraph::~CudaGraph() {
  cudaGraphExecDestroy(executable_);
}

void CudaGraph::launch(const Stream& stream) const {
  HEXGEN_CUDA_CHECK(cudaGraphLaunch(executable_, stream.get()));
}

}  // namespace hexgen
