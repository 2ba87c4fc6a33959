#pragma once

#include <vector>

#include "runner/comm/communicator.h"
#include "runner/comm/transport.h"

namespace hexgen {

/// A communicator over messages, for data in host memory: works between threads and between
/// processes alike. Sums are added in the order of the ranks.
class HostCommunicator : public Communicator {
 public:
  /// `members` are ranks of the transport, this one among them; the transport must outlive it.
  HostCommunicator(Transport& transport, std::vector<int> members, int channel);

  int rank() const override { return rank_; }

  int size() const override { return static_cast<int>(members_.size()); }

  /// fp32 only. Every rank adds up one part of the values and the parts are then gathered: 2
  /// (n-1)/n of the bytes leave each rank. Below kOneShotBytes each sends all it has to all others
  /// instead, for one latency in place of two.
  void all_reduce_sum(std::byte* values, std::size_t count, ElementType type) override;
  void all_gather(std::byte* data, std::span<const std::size_t> part_bytes) override;
  void broadcast(std::span<std::byte> data, int root) override;
  void send(std::span<const std::byte> data, int peer) override;
  void receive(std::span<std::byte> data, int peer) override;

  static constexpr std::size_t kOneShotBytes = 16 * 1024;

 private:
  void one_shot_sum(std::span<float> values);
  void two_shot_sum(std::span<float> values);

  /// own += what the peers sent, in the order of the ranks.
  void add_in_rank_order(std::span<float> own);

  Transport& transport_;
  std::vector<int> members_;
  int channel_;
  int rank_;
};

}  // namespace hexgen
