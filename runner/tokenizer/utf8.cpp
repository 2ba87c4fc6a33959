#include "runner/tokenizer/utf8.h"

#include <cassert>

namespace hexgen::tokenizer {

namespace {

/// Length of the character that a lead byte begins and the range of its second byte, which rules
/// out overlong forms, surrogates and values above U+10FFFF.
struct Lead {
  std::size_t length = 0;  // 0: no lead byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) {
    return {1};
  }
  if (byte >= 0xC2 && byte <= 0xDF) {
    return {2};
  }
  if (byte >= 0xE0 && byte <= 0xEF) {
    return {3,
            static_cast<unsigned char>(byte == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(byte == 0xED ? 0x9F : 0xBF)};
  }
  if (byte >= 0xF0 && byte <= 0xF4) {
    return {4,
            static_cast<unsigned char>(byte == 0xF0 ? 0x90 : 0x80),
            static_cast<unsigned char>(byte == 0xF4 ? 0x8F : 0xBF)};
  }
  return {};
}

}  // namespace

Utf8Part utf8_part(std::string_view text, std::size_t at) {
  assert(at < text.size());
  const Lead lead = lead_of(static_cast<unsigned char>(text[at]));
  std::size_t length = 1;
  for (; length < lead.length && at + length < text.size(); ++length) {
    const auto byte = static_cast<unsigned char>(text[at + length]);
    const bool second = length == 1;
    if (byte < (second ? lead.second_min : 0x80) || byte > (second ? lead.second_max : 0xBF)) {
      break;
    }
  }
  return {length, length == lead.length};
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Part part = utf8_part(text, at);
    if (!part.valid) {
      return false;
    }
    at += part.length;
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Part part = utf8_part(text, at);
    repaired += part.valid ? text.substr(at, part.length) : kReplacementCharacter;
    at += part.length;
  }
  return repaired;
}

}  // namespace hexgen::tokenizer
