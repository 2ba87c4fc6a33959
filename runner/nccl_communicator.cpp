#include "runner/nccl_communicator.h"

#include <chrono>
#include <string>
#include <thread>

#include "profiles/errors.h"
#include "runner/cuda_check.h"

namespace hexgen {

std::vector<NcclCommunicator> NcclCommunicator::of_gpus(const std::vector<int>& gpus) {
  std::vector<ncclComm_t> handles(gpus.size());
  HEXGEN_NCCL_CHECK(ncclCommInitAll(handles.data(), static_cast<int>(gpus.size()), gpus.data()));
  std::vector<NcclCommunicator> communicators;
  communicators.reserve(handles.size());
  for (ncclComm_t handle : handles) {
    communicators.push_back(NcclCommunicator(handle));
  }
  return communicators;
}

NcclCommunicator::~NcclCommunicator() {
  abort();
}

void NcclCommunicator::abort() {
  if (communicator_ != nullptr) {
    ncclCommAbort(std::exchange(communicator_, nullptr));
  }
}

void NcclCommunicator::all_reduce_sum(kernels::Bfloat16* values,
                                      std::size_t count,
                                      const Stream& stream) const {
  HEXGEN_NCCL_CHECK(
      ncclAllReduce(values, values, count, ncclBfloat16, ncclSum, communicator_, stream.get()));
}

void NcclCommunicator::send(const std::byte* data,
                            std::size_t bytes,
                            int peer,
                            const Stream& stream) const {
  HEXGEN_NCCL_CHECK(ncclSend(data, bytes, ncclInt8, peer, communicator_, stream.get()));
}

void NcclCommunicator::receive(std::byte* data,
                               std::size_t bytes,
                               int peer,
                               const Stream& stream) const {
  HEXGEN_NCCL_CHECK(ncclRecv(data, bytes, ncclInt8, peer, communicator_, stream.get()));
}

void NcclCommunicator::wait(const Stream& stream, double deadline_s) const {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(deadline_s);
  for (;;) {
    const cudaError_t status = cudaStreamQuery(stream.get());
    if (status == cudaSuccess) {
      return;
    }
    if (status != cudaErrorNotReady) {
      HEXGEN_CUDA_CHECK(status);
    }
    ncclResult_t error = ncclSuccess;
    HEXGEN_NCCL_CHECK(ncclCommGetAsyncError(communicator_, &error));
    HEXGEN_NCCL_CHECK(error);
    if (std::chrono::steady_clock::now() > deadline) {
      throw DeviceError("NCCL: no progress within " + std::to_string(deadline_s) +
                        " s; a peer is gone or stuck");
    }
    std::this_thread::yield();
  }
}

}  // namespace hexgen
