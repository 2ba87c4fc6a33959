#include "runner/comm/reception.h"

#include <poll.h>

#include <algorithm>

namespace hexgen {

std::optional<Visitor> Reception::next(Deadline deadline,
                                       const std::vector<Socket>& watched,
                                       const std::function<void(std::size_t)>& departed) {
  while (wait(deadline, watched, departed)) {
    accept_all();
    for (Caller& caller : callers_) {
      if (std::optional<Visitor> visitor = hear(caller)) {
        return visitor;
      }
    }
    std::erase_if(callers_, [](const Caller& caller) { return !caller.socket; });
  }
  return std::nullopt;
}

bool Reception::wait(Deadline deadline,
                     const std::vector<Socket>& watched,
                     const std::function<void(std::size_t)>& departed) {
  std::vector<pollfd> waited = {{listener_.fd(), POLLIN, 0}};
  for (const Socket& socket : watched) {
    waited.push_back({socket.fd(), POLLIN, 0});  // poll() passes over -1
  }
  for (const Caller& caller : callers_) {
    waited.push_back({caller.socket.fd(), POLLIN, 0});
  }
  if (poll(waited.data(), waited.size(), milliseconds_until(deadline)) <= 0) {
    return std::chrono::steady_clock::now() < deadline;
  }
  for (std::size_t i = 0; i < watched.size(); ++i) {
    if (waited[i + 1].revents != 0) {
      departed(i);
    }
  }
  return true;
}

void Reception::accept_all() {
  while (std::optional<Socket> socket = accept_from(listener_)) {
    callers_.push_back({std::move(*socket), {}});
  }
}

std::optional<Visitor> Reception::hear(Caller& caller) {
  try {
    while (caller.socket) {
      const std::size_t count = receive_some(caller.socket, caller.reader.space());
      if (count == 0) {
        return std::nullopt;
      }
      if (std::optional<Frame> frame = caller.reader.advance(count)) {
        return Visitor{std::move(caller.socket), std::move(*frame)};
      }
    }
  } catch (const DeviceError&) {
    caller.socket = Socket();
  }
  return std::nullopt;
}

}  // namespace hexgen
