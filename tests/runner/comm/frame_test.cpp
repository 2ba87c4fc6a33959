#include "runner/comm/frame.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "profiles/errors.h"

using hexgen::decode_frame_header;
using hexgen::DeviceError;
using hexgen::encode_frame_header;
using hexgen::Frame;
using hexgen::FrameHeader;
using hexgen::FrameHeaderBytes;
using hexgen::FrameKind;
using hexgen::FrameReader;
using hexgen::pack_texts;
using hexgen::unpack_texts;

namespace {

using Bytes = std::vector<std::byte>;

Bytes frame_bytes(FrameHeader header, const Bytes& payload) {
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  const FrameHeaderBytes head = encode_frame_header(header);
  Bytes bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

Bytes counting_bytes(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  }
  return bytes;
}

/// Feeds the bytes, at most `step` at a time.
std::vector<Frame> read_frames(std::span<const std::byte> bytes, std::size_t step) {
  FrameReader reader;
  std::vector<Frame> frames;
  while (!bytes.empty()) {
    const std::span<std::byte> space = reader.space();
    const std::size_t count = std::min({space.size(), bytes.size(), step});
    REQUIRE(count > 0);
    std::copy_n(bytes.begin(), count, space.begin());
    bytes = bytes.subspan(count);
    if (std::optional<Frame> frame = reader.advance(count)) {
      frames.push_back(*std::move(frame));
    }
  }
  return frames;
}

FrameHeaderBytes header_with(std::size_t offset, std::uint8_t value) {
  FrameHeaderBytes bytes = encode_frame_header({.kind = FrameKind::kData});
  bytes[offset] = static_cast<std::byte>(value);
  return bytes;
}

}  // namespace

TEST_CASE("a header travels as 32 little-endian bytes in the order of the format") {
  const FrameHeaderBytes bytes = encode_frame_header({.kind = FrameKind::kHeartbeat,
                                                      .from = 1,
                                                      .to = 2,
                                                      .channel = 0x0304,
                                                      .step = -2,
                                                      .payload_bytes = 0x01020304});
  // magic "HXGN", version 1, kind 6, from, to, channel, payload bytes, step
  const std::uint8_t expected[32] = {'H', 'X', 'G',  'N',  1,    0,    6,    0,    1,    0,   0,
                                     0,   2,   0,    0,    0,    4,    3,    0,    0,    4,   3,
                                     2,   1,   0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  CHECK(std::memcmp(bytes.data(), expected, 32) == 0);
}

TEST_CASE("frames come out whole, however the bytes are cut") {
  const FrameHeader first = {
      .kind = FrameKind::kData, .from = 3, .to = 1, .channel = 70000, .step = 1LL << 40};
  Bytes bytes = frame_bytes(first, counting_bytes(100));
  for (const Bytes& more : {frame_bytes({.kind = FrameKind::kHeartbeat}, {}),
                            frame_bytes({.kind = FrameKind::kAbort}, counting_bytes(1))}) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const std::vector<Frame> frames = read_frames(bytes, step);
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].header.kind == FrameKind::kData);
    CHECK(frames[0].header.from == 3);
    CHECK(frames[0].header.to == 1);
    CHECK(frames[0].header.channel == 70000);
    CHECK(frames[0].header.step == 1LL << 40);
    CHECK(frames[0].payload == counting_bytes(100));
    CHECK(frames[1].header.kind == FrameKind::kHeartbeat);
    CHECK(frames[1].payload.empty());
    CHECK(frames[2].payload == counting_bytes(1));
  }
}

TEST_CASE("a payload larger than the steps in which memory grows arrives unchanged") {
  const Bytes payload = counting_bytes((9 << 20) + 13);
  const std::vector<Frame> frames =
      read_frames(frame_bytes({.kind = FrameKind::kData}, payload), 1 << 20);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].payload == payload);
}

TEST_CASE("a header of another program, version or kind is refused with what is wrong") {
  CHECK_THROWS_WITH_AS(
      decode_frame_header(header_with(0, 'G')), "not a message of hexgen-run", DeviceError);
  CHECK_THROWS_WITH_AS(
      decode_frame_header(header_with(4, 2)), "messages of version 2, expected 1", DeviceError);
  CHECK_THROWS_WITH_AS(
      decode_frame_header(header_with(6, 0)), "unknown message kind 0", DeviceError);
  CHECK_THROWS_WITH_AS(
      decode_frame_header(header_with(6, 9)), "unknown message kind 9", DeviceError);
}

TEST_CASE("a payload of 1 GiB is the largest that is accepted") {
  FrameHeader header = {.kind = FrameKind::kData, .payload_bytes = 1U << 30};
  CHECK(decode_frame_header(encode_frame_header(header)).payload_bytes == 1U << 30);
  ++header.payload_bytes;
  CHECK_THROWS_WITH_AS(decode_frame_header(encode_frame_header(header)),
                       "a message of 1073741825 bytes, more than the 1 GiB allowed",
                       DeviceError);
}

TEST_CASE("texts come back from a payload as they were, empty and with zeros inside too") {
  const std::vector<std::string> texts = {"plan", "", std::string("a\0b", 3), "\xff"};
  CHECK(unpack_texts(pack_texts(texts)) == texts);
  CHECK(unpack_texts({}).empty());
}

TEST_CASE("texts that end behind their payload are refused") {
  Bytes payload = pack_texts({"plan", "x"});
  for (std::size_t size = 1; size < payload.size(); ++size) {
    if (size != 8) {  // there the first text ends
      CHECK_THROWS_AS(unpack_texts(std::span(payload).first(size)), DeviceError);
    }
  }
}

TEST_CASE("damaged streams give frames within their bytes or an error, never anything else") {
  std::mt19937_64 random(20);
  Bytes intact = frame_bytes({.kind = FrameKind::kData, .step = 5}, counting_bytes(40));
  const Bytes texts = frame_bytes({.kind = FrameKind::kJoin}, pack_texts({"1", "2", "il-0"}));
  intact.insert(intact.end(), texts.begin(), texts.end());
  int errors = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = intact;
    for (std::uint64_t i = random() % 4 + 1; i > 0; --i) {
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    }
    damaged.resize(random() % damaged.size() + 1);
    try {
      std::size_t total = 0;
      for (const Frame& frame : read_frames(damaged, random() % 50 + 1)) {
        total += hexgen::kFrameHeaderBytes + frame.payload.size();
        if (frame.header.kind == FrameKind::kJoin) {
          unpack_texts(frame.payload);
        }
      }
      REQUIRE(total <= damaged.size());
    } catch (const DeviceError&) {
      ++errors;
    }
  }
  CHECK(errors > 1000);
  CHECK(errors < 20'000);
}
