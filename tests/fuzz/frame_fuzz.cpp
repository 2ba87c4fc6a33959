#include <algorithm>
#include <cstdlib>

#include "profiles/errors.h"
#include "runner/comm/frame.h"

namespace {

constexpr std::size_t kLargestStep = 64;

/// Reads the texts of a rendezvous message; they lie inside the payload, each behind 4 bytes.
void read_texts(const hexgen::Frame& frame) {
  std::size_t total = 0;
  for (const std::string& text : hexgen::unpack_texts(frame.payload)) {
    total += 4 + text.size();
  }
  if (total != frame.payload.size()) {
    std::abort();
  }
}

}  // namespace

// A stream, cut as its last byte says, gives frames within its bytes or a DeviceError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::byte> stream(reinterpret_cast<const std::byte*>(data), size);
  const std::size_t step = size == 0 ? 1 : 1 + data[size - 1] % kLargestStep;
  hexgen::FrameReader reader;
  std::size_t total = 0;
  try {
    while (!stream.empty()) {
      const std::span<std::byte> space = reader.space();
      const std::size_t count = std::min({space.size(), stream.size(), step});
      std::copy_n(stream.begin(), count, space.begin());
      stream = stream.subspan(count);
      if (const auto frame = reader.advance(count)) {
        total += hexgen::kFrameHeaderBytes + frame->payload.size();
        read_texts(*frame);
      }
    }
  } catch (const hexgen::DeviceError&) {
    return 0;
  }
  if (total > size) {
    std::abort();
  }
  return 0;
}
