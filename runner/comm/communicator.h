#pragma once

#include <cstddef>
#include <span>

#include "runner/element_type.h"

namespace hexgen {

/// One rank's end of a group that moves activations: the devices of a stage, or those of two
/// neighbouring stages. Data lie in the memory of the backend (host or device); a GPU's
/// communicator enqueues on its executor's stream and returns, a CPU's returns when it is done. All
/// members make the same collective calls in the same order. Throws DeviceError when a peer is gone
/// or the deadline passes.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;  // in the group
  virtual int size() const = 0;

  /// values: [count], replaced by the sum over all ranks. The same bits on every rank, and the same
  /// whenever ranks and values are the same.
  virtual void all_reduce_sum(std::byte* values, std::size_t count, ElementType type) = 0;

  /// data: the parts of all ranks one after the other, part_bytes[r] of rank r, which has put its
  /// own in place. Parts may differ in size and be empty.
  virtual void all_gather(std::byte* data, std::span<const std::size_t> part_bytes) = 0;

  virtual void broadcast(std::span<std::byte> data, int root) = 0;

  virtual void send(std::span<const std::byte> data, int peer) = 0;
  virtual void receive(std::span<std::byte> data, int peer) = 0;
};

}  // namespace hexgen
