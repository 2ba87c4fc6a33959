#pragma once

#include "runner/comm/host_communicator.h"
#include "runner/cuda/cuda_context.h"

namespace hexgen {

/// A communicator for data in device memory that goes by way of host memory: for ranks that share a
/// GPU, which NCCL refuses, and for hosts that NCCL cannot connect. Waits for the stream in every
/// call. Sums are added in fp32, in the order of the ranks.
class StagedGroup : public Communicator {
 public:
  /// As HostCommunicator; the context must outlive the group.
  StagedGroup(const CudaContext& context,
              Transport& transport,
              std::vector<int> members,
              int channel)
      : context_(context),
        host_(transport, std::move(members), channel) {}

  int rank() const override { return host_.rank(); }

  int size() const override { return host_.size(); }

  void all_reduce_sum(std::byte* values, std::size_t count, ElementType type) override;
  void all_gather(std::byte* data, std::span<const std::size_t> part_bytes) override;
  void broadcast(std::span<std::byte> data, int root) override;
  void send(std::span<const std::byte> data, int peer) override;
  void receive(std::span<std::byte> data, int peer) override;

 private:
  template <typename T>
  void sum(std::byte* values, std::size_t count);
  std::vector<std::byte> fetch(std::span<const std::byte> device) const;
  void put(std::span<const std::byte> host, std::byte* device) const;

  const CudaContext& context_;
  HostCommunicator host_;
};

}  // namespace hexgen
