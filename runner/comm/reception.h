#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "runner/comm/frame.h"
#include "runner/comm/socket.h"

namespace hexgen {

/// Somebody who has connected, with the first frame they sent.
struct Visitor {
  Socket socket;
  Frame frame;
};

/// Accepts connections and waits for the first frame of each. Whoever sends something else than
/// frames of ours, or hangs up, is dropped; whoever says nothing holds nobody else up.
class Reception {
 public:
  explicit Reception(Socket listener)
      : listener_(std::move(listener)) {}

  /// The next one with a frame; none when the deadline passes first. Calls `departed` with the
  /// index of a socket of `watched` (empty ones are passed over) that becomes readable: none of
  /// them has anything to say here but that it is gone.
  std::optional<Visitor> next(Deadline deadline,
                              const std::vector<Socket>& watched,
                              const std::function<void(std::size_t)>& departed);

  const Socket& listener() const { return listener_; }

 private:
  struct Caller {
    Socket socket;
    FrameReader reader;
  };

  bool wait(Deadline deadline,
            const std::vector<Socket>& watched,
            const std::function<void(std::size_t)>& departed);
  void accept_all();
  std::optional<Visitor> hear(Caller& caller);

  Socket listener_;
  std::vector<Caller> callers_;
};

}  // namespace hexgen
