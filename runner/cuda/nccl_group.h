#pragma once

#include <nccl.h>

#include "runner/comm/communicator.h"
#include "runner/cuda/cuda_context.h"

namespace hexgen {

/// A communicator over NCCL, for ranks that have a GPU each. Never blocks inside NCCL, so that it
/// can be aborted at any time; aborts when destroyed, so that a rank whose peers are gone ends too.
class NcclGroup : public Communicator {
 public:
  /// Joins the group that `id` names; returns when all `size` ranks have. Throws DeviceError when
  /// they do not within the context's deadline. The context must outlive the group.
  NcclGroup(CudaContext& context, const ncclUniqueId& id, int rank, int size);
  ~NcclGroup() override;

  int rank() const override { return rank_; }

  int size() const override { return size_; }

  void all_reduce_sum(std::byte* values, std::size_t count, ElementType type) override;
  void all_gather(std::byte* data, std::span<const std::size_t> part_bytes) override;
  void broadcast(std::span<std::byte> data, int root) override;
  void send(std::span<const std::byte> data, int peer) override;
  void receive(std::span<std::byte> data, int peer) override;

  /// Throws DeviceError when NCCL has met an error since.
  void check() const;

  /// Ends what this rank has under way; the group is of no further use.
  void abort() noexcept;

 private:
  /// Waits until NCCL has taken in what it was asked for: connections of a first use take time.
  void settle() const;

  cudaStream_t stream() const { return context_.stream().get(); }

  CudaContext& context_;
  ncclComm_t communicator_ = nullptr;
  int rank_;
  int size_;
};

}  // namespace hexgen
