#pragma once

#include <nccl.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/bfloat16.h"
#include "runner/stream.h"

namespace hexgen {

/// One GPU's end of a NCCL communicator. Each rank is driven by its own thread with its GPU
/// current; all ranks must make the same calls in the same order. Aborts the communicator when
/// destroyed, so that a rank whose peers are gone ends too.
class NcclCommunicator {
 public:
  /// The ranks of a communicator over GPUs of this process, in the order given.
  static std::vector<NcclCommunicator> of_gpus(const std::vector<int>& gpus);

  NcclCommunicator(NcclCommunicator&& other) noexcept
      : communicator_(std::exchange(other.communicator_, nullptr)) {}

  NcclCommunicator& operator=(NcclCommunicator&& other) noexcept {
    std::swap(communicator_, other.communicator_);
    return *this;
  }

  ~NcclCommunicator();

  /// Adds up `count` values over all ranks, in place. values: [count] in device memory.
  void all_reduce_sum(kernels::Bfloat16* values, std::size_t count, const Stream& stream) const;

  void send(const std::byte* data, std::size_t bytes, int peer, const Stream& stream) const;
  void receive(std::byte* data, std::size_t bytes, int peer, const Stream& stream) const;

  /// Waits for the stream; throws DeviceError when NCCL reports an error or `deadline_s` passes, as
  /// happens when a peer is gone. cudaStreamSynchronize would wait for ever.
  void wait(const Stream& stream, double deadline_s) const;

  /// Ends what this rank still has under way; the communicator is of no further use.
  void abort();

 private:
  explicit NcclCommunicator(ncclComm_t communicator)
      : communicator_(communicator) {}

  ncclComm_t communicator_ = nullptr;
};

}  // namespace hexgen
