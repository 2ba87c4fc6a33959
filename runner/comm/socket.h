#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "profiles/errors.h"

namespace hexgen {

/// The other end of a connection is gone; the message says how.
class ConnectionLost : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

using Deadline = std::chrono::steady_clock::time_point;

/// Milliseconds until the deadline as poll() takes them; 0 when it has passed.
int milliseconds_until(Deadline deadline);

/// Host name or IP address, and TCP port.
struct Address {
  std::string host;
  int port = 0;

  std::string text() const;  // "il-0:29400", "[::1]:29400"
  bool operator==(const Address&) const = default;
};

/// Reads "host:port" or "[IPv6]:port". Throws InputError naming the text.
Address parse_address(const std::string& text);

/// Owner of a TCP socket that never blocks. An empty one is -1.
class Socket {
 public:
  explicit Socket(int fd = -1)
      : fd_(fd) {}

  Socket(Socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}

  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~Socket();

  int fd() const { return fd_; }

  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Port 0 takes a free one. Throws InputError when the address does not exist or is taken.
Socket listen_on(const Address& address);

/// A connection that waits to be accepted; none when there is none.
std::optional<Socket> accept_from(const Socket& listener);

/// One attempt; none when nobody listens there or the deadline passes. Throws InputError when the
/// host does not exist.
std::optional<Socket> connect_to(const Address& address, Deadline deadline);

Address local_address(const Socket& socket);
Address peer_address(const Socket& socket);

/// Bytes received, 0 when none are there now. Throws ConnectionLost.
std::size_t receive_some(const Socket& socket, std::span<std::byte> bytes);

/// Bytes of head and body together that the kernel took. Throws ConnectionLost.
std::size_t send_some(const Socket& socket,
                      std::span<const std::byte> head,
                      std::span<const std::byte> body = {});

/// Says that nothing more will be sent; the peer's receive_some() throws behind the last byte.
void end_sending(const Socket& socket);

/// Waits until there are bytes, room or an error; false when the deadline passes first.
bool wait_readable(const Socket& socket, Deadline deadline);
bool wait_writable(const Socket& socket, Deadline deadline);

}  // namespace hexgen
