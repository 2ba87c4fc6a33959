#include "runner/comm/peer_link.h"

namespace hexgen {

PeerLink::PeerLink(Socket socket, int process)
    : socket_(std::move(socket)),
      process_(process) {}

bool PeerLink::send(FrameHeader header, std::span<const std::byte> payload) {
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  const FrameHeaderBytes head = encode_frame_header(header);
  const std::lock_guard lock(mutex_);
  if (!open() || ending_) {
    return false;
  }
  std::size_t sent = 0;
  if (unsent_.empty()) {
    try {
      sent = send_some(socket_, head, payload);
    } catch (const ConnectionLost&) {
      return false;
    }
  }
  if (sent == head.size() + payload.size()) {
    return false;
  }
  std::vector<std::byte> rest(head.begin(), head.end());
  rest.insert(rest.end(), payload.begin(), payload.end());
  rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(sent));
  unsent_.push_back(std::move(rest));
  return true;
}

void PeerLink::flush() {
  const std::lock_guard lock(mutex_);
  try {
    send_unsent();
  } catch (const ConnectionLost&) {
    unsent_.clear();
    sent_of_front_ = 0;
  }
  if (ending_ && unsent_.empty()) {
    hexgen::end_sending(socket_);
  }
}

void PeerLink::send_unsent() {
  while (!unsent_.empty()) {
    const std::span<const std::byte> rest = std::span(unsent_.front()).subspan(sent_of_front_);
    const std::size_t sent = send_some(socket_, rest);
    if (sent < rest.size()) {
      sent_of_front_ += sent;
      return;
    }
    unsent_.pop_front();
    sent_of_front_ = 0;
  }
}

bool PeerLink::has_unsent() const {
  const std::lock_guard lock(mutex_);
  return !unsent_.empty();
}

std::optional<Frame> PeerLink::receive() {
  while (const std::size_t count = receive_some(socket_, reader_.space())) {
    missed_beats_ = 0;
    if (std::optional<Frame> frame = reader_.advance(count)) {
      return frame;
    }
  }
  return std::nullopt;
}

void PeerLink::end_sending() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
}

void PeerLink::close() {
  const std::lock_guard lock(mutex_);
  socket_ = Socket();
  unsent_.clear();
}

}  // namespace hexgen
