#include "runner/cuda/cuda_context.h"

#include <algorithm>
#include <string>
#include <thread>

#include "profiles/errors.h"
#include "runner/cuda/nccl_group.h"
#include "runner/cuda_check.h"

namespace hexgen {
namespace {

int select_gpu(int gpu) {
  HEXGEN_CUDA_CHECK(cudaSetDevice(gpu));
  return gpu;
}

}  // namespace

CudaContext::CudaContext(int gpu, int sm_limit, std::chrono::milliseconds deadline)
    : gpu_(select_gpu(gpu)),  // first: stream and workspace belong to the current device
      deadline_(deadline),
      partition_(sm_limit > 0 ? std::make_unique<const SmPartition>(gpu, sm_limit) : nullptr),
      stream_(partition_ ? partition_->make_stream() : Stream()),
      blas_(partition_ ? partition_->multiprocessors() : 0),
      multiprocessors_(partition_ ? partition_->multiprocessors() : num_multiprocessors(gpu)) {}

void CudaContext::wait() const {
  wait_for(deadline_);
}

void CudaContext::wait_for(std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const cudaError_t status = cudaStreamQuery(stream_.get());
    if (status == cudaSuccess) {
      return;
    }
    if (status != cudaErrorNotReady) {
      HEXGEN_CUDA_CHECK(status);
    }
    for (const NcclGroup* group : groups_) {
      group->check();
    }
    if (std::chrono::steady_clock::now() > end) {
      throw DeviceError("GPU " + std::to_string(gpu_) + ": no end of a step within " +
                        std::to_string(limit.count()) + " ms; a peer is gone or stuck");
    }
    std::this_thread::yield();
  }
}

void CudaContext::drain() noexcept {
  constexpr std::chrono::milliseconds kPatience(1000);  // nobody wants the results any more
  try {
    wait_for(std::min(deadline_, kPatience));
  } catch (...) {
    for (NcclGroup* group : groups_) {
      group->abort();
    }
  }
}

}  // namespace hexgen
