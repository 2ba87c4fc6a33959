#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <memory>
#include <vector>

#include "runner/comm/communicator.h"
#include "runner/comm/transport.h"
#include "runner/cuda/cuda_context.h"
#include "runner/device_buffer.h"

namespace hexgen {

/// A communicator over device memory, for ranks that are threads of one process and whose GPUs are
/// one or have access to each other. Kernels and copies take data where they lie. Streams wait for
/// each other by events, and only for events whose threads have said that they are recorded: no
/// kernel ever spins, so ranks may share a GPU, and what can wait for ever is a message of the
/// transport, which has a deadline.
class PeerGroup : public Communicator {
 public:
  /// As HostCommunicator; `gpus` are those of the members, up to kernels::kMostSumParts of them.
  /// All members are made at the same time. The context must outlive the group.
  PeerGroup(const CudaContext& context,
            Transport& transport,
            std::vector<int> members,
            const std::vector<int>& gpus,
            int channel);

  int rank() const override { return rank_; }

  int size() const override { return static_cast<int>(members_.size()); }

  /// Added in fp32, in the order of the ranks. Up to kOneShotBytes every rank reads what all have;
  /// above, every rank adds up one part and the parts are then gathered. values: aligned to 16
  /// bytes.
  void all_reduce_sum(std::byte* values, std::size_t count, ElementType type) override;
  void all_gather(std::byte* data, std::span<const std::size_t> part_bytes) override;
  void broadcast(std::span<std::byte> data, int root) override;

  /// Returns when the receiver has said where the data belong.
  void send(std::span<const std::byte> data, int peer) override;
  void receive(std::span<std::byte> data, int peer) override;

  static constexpr std::size_t kOneShotBytes = 256 * 1024;

  /// Can a rank on each of `gpus` access the memory of all others?
  static bool has_access(const std::vector<int>& gpus);

 private:
  static constexpr std::size_t kSlots = 2;

  /// What peers may be at work on when this rank is gone: every member owns it too.
  struct Shared {
    Shared();
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared();

    DeviceBuffer<std::byte> slots;  // [kSlots, kOneShotBytes]: addends of one-shot sums
    std::array<cudaEvent_t, kSlots> events{};
  };

  /// What one rank tells another: its stream has come to an event, and where its data are.
  struct Notice {
    cudaEvent_t event = nullptr;
    std::byte* data = nullptr;
    std::size_t bytes = 0;
  };

  void share();
  Notice record(std::byte* data, std::size_t bytes);
  void tell(int peer, const Notice& notice);

  /// Takes a peer's notice and lets the own stream wait for its event.
  Notice await(int peer, std::size_t bytes);

  /// All ranks' streams meet here. Returns where the data of all ranks are, in their order.
  std::vector<std::byte*> meet(std::byte* data, std::size_t bytes);

  template <typename T>
  void sum(T* values, std::size_t count);
  template <typename T>
  void one_shot_sum(T* values, std::size_t count);
  template <typename T>
  void two_shot_sum(T* values, std::size_t count);

  /// out = the sum of elements first .. first + count - 1 of all ranks.
  template <typename T>
  void add(const std::vector<std::byte*>& addends, std::size_t first, std::size_t count, T* out);
  void copy(const std::byte* from, std::byte* to, std::size_t bytes);

  const CudaContext& context_;
  Transport& transport_;
  std::vector<int> members_;
  int channel_;
  int rank_;
  std::vector<std::shared_ptr<Shared>> shared_;  // of all ranks
  std::size_t next_event_ = 0;
  std::size_t next_slot_ = 0;
};

}  // namespace hexgen
