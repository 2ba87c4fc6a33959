#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hexgen {

/// One rank's end of the messages between all ranks of a pipeline: host memory, between threads or
/// over a network. Messages from one rank to another on one channel arrive in the order sent.
/// send() returns without waiting for the receiver; receive() waits until the message is there.
/// Both throw DeviceError, naming the peer, when the deadline passes or anybody has aborted, so
/// that no rank waits for ever. Used by one thread at a time; abort() by any.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  virtual void send(int peer, int channel, std::span<const std::byte> message) = 0;
  virtual std::vector<std::byte> receive(int peer, int channel) = 0;

  /// This rank is at work on a step; failures are reported with it, on the other ranks too.
  virtual void begin_step(std::int64_t /*step*/) noexcept {}

  /// Ends every wait of every rank, now and later, with `reason`. The first reason stands.
  virtual void abort(const std::string& reason) noexcept = 0;
};

}  // namespace hexgen
