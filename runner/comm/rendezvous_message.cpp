#include "runner/comm/rendezvous_message.h"

#include <charconv>

#include "profiles/errors.h"

namespace hexgen {
namespace {

/// Texts of a frame, taken one after the other.
class TextReader {
 public:
  TextReader(const Frame& frame, FrameKind expected) {
    if (frame.header.kind != expected) {
      throw DeviceError("not the message that the rendezvous expects here");
    }
    texts_ = unpack_texts(frame.payload);
  }

  bool empty() const { return next_ == texts_.size(); }

  std::string text() {
    if (empty()) {
      throw DeviceError("a message of the rendezvous is too short");
    }
    return texts_[next_++];
  }

  int number() {
    const std::string digits = text();
    int value = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      throw DeviceError("a message of the rendezvous has '" + digits + "' in place of a number");
    }
    return value;
  }

 private:
  std::vector<std::string> texts_;
  std::size_t next_ = 0;
};

const char kBadInput[] = "input";
const char kDeviceFailure[] = "device";

}  // namespace

std::vector<std::string> to_texts(const JoinRequest& request) {
  std::vector<std::string> texts = {std::to_string(request.process),
                                    std::to_string(request.num_processes),
                                    std::to_string(request.port),
                                    request.node};
  for (const Agreement& agreement : request.agreements) {
    texts.push_back(agreement.name);
    texts.push_back(agreement.value);
  }
  return texts;
}

JoinRequest join_request_from(const Frame& frame) {
  TextReader texts(frame, FrameKind::kJoin);
  JoinRequest request;
  request.process = texts.number();
  request.num_processes = texts.number();
  request.port = texts.number();
  request.node = texts.text();
  while (!texts.empty()) {
    std::string name = texts.text();
    request.agreements.push_back({std::move(name), texts.text()});
  }
  return request;
}

std::vector<std::string> to_texts(const Welcome& welcome) {
  std::vector<std::string> texts = {welcome.token};
  texts.insert(texts.end(), welcome.addresses.begin(), welcome.addresses.end());
  return texts;
}

Welcome welcome_from(const Frame& frame) {
  TextReader texts(frame, FrameKind::kWelcome);
  Welcome welcome;
  welcome.token = texts.text();
  while (!texts.empty()) {
    welcome.addresses.push_back(texts.text());
  }
  return welcome;
}

std::vector<std::string> to_texts(const Call& call) {
  return {call.token, std::to_string(call.process)};
}

Call call_from(const Frame& frame) {
  TextReader texts(frame, FrameKind::kCall);
  Call call;
  call.token = texts.text();
  call.process = texts.number();
  return call;
}

void refuse(const Socket& socket, const std::exception& error, Deadline deadline) noexcept {
  const bool input = dynamic_cast<const InputError*>(&error) != nullptr;
  try {
    const auto payload = pack_texts({input ? kBadInput : kDeviceFailure, error.what()});
    send_frame(socket, FrameKind::kRefusal, payload, deadline);
    end_sending(socket);
  } catch (const DeviceError&) {
    return;
  }
}

void throw_refusal(const Frame& frame) {
  TextReader texts(frame, FrameKind::kRefusal);
  if (texts.text() == kBadInput) {
    throw InputError(texts.text());
  }
  throw DeviceError(texts.text());
}

void send_frame(const Socket& socket,
                FrameKind kind,
                std::span<const std::byte> payload,
                Deadline deadline) {
  const FrameHeaderBytes head = encode_frame_header(
      {.kind = kind, .payload_bytes = static_cast<std::uint32_t>(payload.size())});
  std::vector<std::byte> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  std::span<const std::byte> rest = bytes;
  while (!rest.empty()) {
    if (!wait_writable(socket, deadline)) {
      throw DeviceError("the other process does not take its messages");
    }
    rest = rest.subspan(send_some(socket, rest));
  }
}

Frame receive_frame(const Socket& socket, Deadline deadline) {
  FrameReader reader;
  while (wait_readable(socket, deadline)) {
    const std::size_t count = receive_some(socket, reader.space());
    if (count == 0) {
      continue;
    }
    if (std::optional<Frame> frame = reader.advance(count)) {
      return *std::move(frame);
    }
  }
  throw DeviceError("no answer in time");
}

}  // namespace hexgen
