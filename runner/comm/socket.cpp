#include "runner/comm/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <memory>

namespace hexgen {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList resolve(const Address& address, int flags) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    throw InputError(address.text() + ": " + gai_strerror(error));
  }
  return {found, freeaddrinfo};
}

Socket open_socket(const addrinfo& address) {
  return Socket(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void set_option(const Socket& socket, int level, int option) {
  const int on = 1;
  setsockopt(socket.fd(), level, option, &on, sizeof on);
}

bool wait_for(const Socket& socket, short events, Deadline deadline) {
  pollfd waited = {socket.fd(), events, 0};
  while (true) {
    const int ready = poll(&waited, 1, milliseconds_until(deadline));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

bool connected(const Socket& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

using NameOf = int (*)(int, sockaddr*, socklen_t*);

Address address_by(NameOf name_of, const Socket& socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  auto* raw = reinterpret_cast<sockaddr*>(&storage);
  std::array<char, NI_MAXHOST> host = {};
  std::array<char, NI_MAXSERV> port = {};
  if (name_of(socket.fd(), raw, &size) != 0 || getnameinfo(raw,
                                                           size,
                                                           host.data(),
                                                           host.size(),
                                                           port.data(),
                                                           port.size(),
                                                           NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    throw ConnectionLost("the connection was closed");
  }
  return {host.data(), std::stoi(port.data())};
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

int milliseconds_until(Deadline deadline) {
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  const auto left = ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

std::string Address::text() const {
  const bool has_colon = host.find(':') != std::string::npos;
  return (has_colon ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Address parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, address.port);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      address.port = 0;
    }
  }
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find_first_of(":[]") != std::string::npos) {
    address.host.clear();
  }
  if (address.host.empty() || address.port < 1 || address.port > 65535) {
    throw InputError("'" + text + "' is not an address: expected host:port, port 1 to 65535");
  }
  return address;
}

Socket::~Socket() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Socket listen_on(const Address& address) {
  const AddressList found = resolve(address, AI_PASSIVE);
  Socket listener = open_socket(*found);
  set_option(listener, SOL_SOCKET, SO_REUSEADDR);
  if (bind(listener.fd(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(listener.fd(), SOMAXCONN) != 0) {
    throw InputError("cannot listen on " + address.text() + ": " + std::strerror(errno));
  }
  return listener;
}

std::optional<Socket> accept_from(const Socket& listener) {
  Socket accepted(accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted) {
    return std::nullopt;
  }
  set_option(accepted, IPPROTO_TCP, TCP_NODELAY);
  return accepted;
}

std::optional<Socket> connect_to(const Address& address, Deadline deadline) {
  const AddressList found = resolve(address, 0);
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    Socket socket = open_socket(*each);
    const bool under_way = connect(socket.fd(), each->ai_addr, each->ai_addrlen) == 0 ||
                           errno == EINPROGRESS || errno == EINTR;
    if (under_way && wait_writable(socket, deadline) && connected(socket)) {
      set_option(socket, IPPROTO_TCP, TCP_NODELAY);
      return socket;
    }
  }
  return std::nullopt;
}

Address local_address(const Socket& socket) {
  return address_by(getsockname, socket);
}

Address peer_address(const Socket& socket) {
  return address_by(getpeername, socket);
}

std::size_t receive_some(const Socket& socket, std::span<std::byte> bytes) {
  const ssize_t count = recv(socket.fd(), bytes.data(), bytes.size(), 0);
  if (count > 0) {
    return static_cast<std::size_t>(count);
  }
  if (count < 0 && would_block()) {
    return 0;
  }
  const bool closed = count == 0 || errno == ECONNRESET;
  throw ConnectionLost(closed ? "the connection was closed" : std::strerror(errno));
}

std::size_t send_some(const Socket& socket,
                      std::span<const std::byte> head,
                      std::span<const std::byte> body) {
  std::array<iovec, 2> parts = {{{const_cast<std::byte*>(head.data()), head.size()},
                                 {const_cast<std::byte*>(body.data()), body.size()}}};
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t count = sendmsg(socket.fd(), &message, MSG_NOSIGNAL);
  if (count >= 0) {
    return static_cast<std::size_t>(count);
  }
  if (would_block()) {
    return 0;
  }
  throw ConnectionLost(std::strerror(errno));
}

void end_sending(const Socket& socket) {
  shutdown(socket.fd(), SHUT_WR);
}

bool wait_readable(const Socket& socket, Deadline deadline) {
  return wait_for(socket, POLLIN, deadline);
}

bool wait_writable(const Socket& socket, Deadline deadline) {
  return wait_for(socket, POLLOUT, deadline);
}

}  // namespace hexgen
