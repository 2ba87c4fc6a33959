#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hexgen {

enum class FrameKind : std::uint32_t {
  kJoin = 1,   // rendezvous: who I am
  kCall,       // rendezvous: to the process that has let us in
  kWelcome,    // rendezvous: where all others are
  kRefusal,    // rendezvous: why nothing comes of it
  kData,       // a message from one rank to another
  kHeartbeat,  // a rank's process is alive
  kAbort,      // everything ends, and why
  kGoodbye     // all ranks of the process are done
};

/// What stands in front of every payload between two processes: 32 bytes, little-endian.
struct FrameHeader {
  FrameKind kind = FrameKind::kHeartbeat;
  std::int32_t from = 0;  // rank
  std::int32_t to = 0;    // rank
  std::int32_t channel = 0;
  std::int64_t step = -1;  // that the sending rank is at; -1: before the first
  std::uint32_t payload_bytes = 0;
};

constexpr std::size_t kFrameHeaderBytes = 32;
constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 30;

using FrameHeaderBytes = std::array<std::byte, kFrameHeaderBytes>;

FrameHeaderBytes encode_frame_header(const FrameHeader& header);

/// Throws DeviceError when this is no header of ours, of another version, or too large.
FrameHeader decode_frame_header(const FrameHeaderBytes& bytes);

struct Frame {
  FrameHeader header;
  std::vector<std::byte> payload;
};

/// Puts frames together from however few bytes arrive at a time, without a second copy.
class FrameReader {
 public:
  /// Where the next bytes go; never empty.
  std::span<std::byte> space();

  /// `count` bytes of space() have been filled. Gives the frame that they complete. Throws
  /// DeviceError as decode_frame_header() does.
  std::optional<Frame> advance(std::size_t count);

 private:
  std::size_t remaining() const;

  FrameHeaderBytes header_bytes_ = {};
  std::optional<Frame> frame_;  // once its header is complete
  std::size_t filled_ = 0;      // of the header, then of the payload
};

/// Texts as a payload, each behind its length.
std::vector<std::byte> pack_texts(const std::vector<std::string>& texts);

/// Throws DeviceError when the payload does not end where its last text does.
std::vector<std::string> unpack_texts(std::span<const std::byte> payload);

}  // namespace hexgen
