#include "runner/comm/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "profiles/errors.h"

namespace hexgen {
namespace {

static_assert(std::endian::native == std::endian::little, "frames and activations go as they are");

constexpr std::uint32_t kMagic = 0x4e475848;  // "HXGN"
constexpr std::uint16_t kVersion = 1;

/// The header as it travels.
struct WireHeader {
  std::uint32_t magic = kMagic;
  std::uint16_t version = kVersion;
  std::uint16_t kind = 0;
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::int32_t channel = 0;
  std::uint32_t payload_bytes = 0;
  std::int64_t step = 0;
};

static_assert(sizeof(WireHeader) == kFrameHeaderBytes);

/// Memory grows with what has arrived, so that a damaged length cannot take it all at once.
constexpr std::size_t kGrowthBytes = 4 << 20;

}  // namespace

FrameHeaderBytes encode_frame_header(const FrameHeader& header) {
  const WireHeader wire = {.kind = static_cast<std::uint16_t>(header.kind),
                           .from = header.from,
                           .to = header.to,
                           .channel = header.channel,
                           .payload_bytes = header.payload_bytes,
                           .step = header.step};
  return std::bit_cast<FrameHeaderBytes>(wire);
}

FrameHeader decode_frame_header(const FrameHeaderBytes& bytes) {
  const auto wire = std::bit_cast<WireHeader>(bytes);
  if (wire.magic != kMagic) {
    throw DeviceError("not a message of hexgen-run");
  }
  if (wire.version != kVersion) {
    throw DeviceError("messages of version " + std::to_string(wire.version) + ", expected " +
                      std::to_string(kVersion));
  }
  const auto kind = static_cast<FrameKind>(wire.kind);
  if (kind < FrameKind::kJoin || kind > FrameKind::kGoodbye) {
    throw DeviceError("unknown message kind " + std::to_string(wire.kind));
  }
  if (wire.payload_bytes > kMaxPayloadBytes) {
    throw DeviceError("a message of " + std::to_string(wire.payload_bytes) +
                      " bytes, more than the 1 GiB allowed");
  }
  return {.kind = kind,
          .from = wire.from,
          .to = wire.to,
          .channel = wire.channel,
          .step = wire.step,
          .payload_bytes = wire.payload_bytes};
}

std::size_t FrameReader::remaining() const {
  return (frame_ ? frame_->header.payload_bytes : kFrameHeaderBytes) - filled_;
}

std::span<std::byte> FrameReader::space() {
  if (!frame_) {
    return std::span(header_bytes_).subspan(filled_);
  }
  if (filled_ == frame_->payload.size()) {
    frame_->payload.resize(filled_ + std::min(remaining(), std::max(filled_, kGrowthBytes)));
  }
  return std::span(frame_->payload).subspan(filled_);
}

std::optional<Frame> FrameReader::advance(std::size_t count) {
  filled_ += count;
  if (remaining() > 0) {
    return std::nullopt;
  }
  filled_ = 0;
  if (!frame_) {
    frame_ = Frame{decode_frame_header(header_bytes_), {}};
    if (remaining() > 0) {
      return std::nullopt;
    }
  }
  return std::exchange(frame_, std::nullopt);
}

std::vector<std::byte> pack_texts(const std::vector<std::string>& texts) {
  std::vector<std::byte> payload;
  const auto append = [&payload](const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    payload.insert(payload.end(), bytes, bytes + size);
  };
  for (const std::string& text : texts) {
    const auto size = static_cast<std::uint32_t>(text.size());
    append(&size, sizeof size);
    append(text.data(), text.size());
  }
  return payload;
}

std::vector<std::string> unpack_texts(std::span<const std::byte> payload) {
  std::vector<std::string> texts;
  while (!payload.empty()) {
    std::uint32_t size = 0;
    if (payload.size() >= sizeof size) {
      std::memcpy(&size, payload.data(), sizeof size);
    }
    if (payload.size() < sizeof size + size) {
      throw DeviceError("a damaged message: a text ends behind it");
    }
    payload = payload.subspan(sizeof size);
    texts.emplace_back(reinterpret_cast<const char*>(payload.data()), size);
    payload = payload.subspan(size);
  }
  return texts;
}

}  // namespace hexgen
