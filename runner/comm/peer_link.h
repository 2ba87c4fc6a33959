#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "runner/comm/frame.h"
#include "runner/comm/socket.h"

namespace hexgen {

/// The connection to another process, which carries the frames between all of its ranks and ours.
/// Any thread sends; one thread does everything else.
class PeerLink {
 public:
  /// `process`: the other one.
  PeerLink(Socket socket, int process);

  /// Hands the kernel what it takes at once and keeps the rest; true when flush() has to send that.
  /// A lost connection shows in receive(), not here.
  bool send(FrameHeader header, std::span<const std::byte> payload);

  void flush();
  bool has_unsent() const;

  /// The next complete frame, if there is one. Throws ConnectionLost when the other side is gone,
  /// DeviceError when it sends something else than frames.
  std::optional<Frame> receive();

  /// Nothing more will be sent once what was sent has left.
  void end_sending();
  void close();

  bool open() const { return static_cast<bool>(socket_); }

  int fd() const { return socket_.fd(); }

  int process() const { return process_; }

  /// Counts our heartbeats during which nothing arrived, so that a process that was itself stopped
  /// for a while does not take the others for dead.
  int miss_beat() { return ++missed_beats_; }

 private:
  void send_unsent();

  Socket socket_;
  int process_;
  FrameReader reader_;
  int missed_beats_ = 0;

  mutable std::mutex mutex_;  // of what follows, and of writing to the socket
  std::deque<std::vector<std::byte>> unsent_;
  std::size_t sent_of_front_ = 0;
  bool ending_ = false;
};

}  // namespace hexgen
