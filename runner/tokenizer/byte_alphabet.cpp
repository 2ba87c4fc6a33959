#include "runner/tokenizer/byte_alphabet.h"

#include <array>

namespace hexgen::tokenizer {

namespace {

bool stands_for_itself(int byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr int kFirstReplacement = 0x100;
constexpr int kNumReplacements = 68;  // bytes that do not stand for themselves

std::string two_byte_utf8(int code_point) {
  return {static_cast<char>(0xC0 | (code_point >> 6)),
          static_cast<char>(0x80 | (code_point & 0x3F))};
}

struct Alphabet {
  std::array<std::string, 256> character_of_byte;
  std::array<int, kFirstReplacement + kNumReplacements> byte_of_code_point;

  Alphabet() {
    byte_of_code_point.fill(-1);
    int next_replacement = kFirstReplacement;
    for (int byte = 0; byte < 256; ++byte) {
      const int code_point = stands_for_itself(byte) ? byte : next_replacement++;
      byte_of_code_point[code_point] = byte;
      character_of_byte[byte] = code_point < 0x80 ? std::string(1, static_cast<char>(code_point))
                                                  : two_byte_utf8(code_point);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet built;
  return built;
}

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string token;
  token.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    token += alphabet().character_of_byte[static_cast<unsigned char>(byte)];
  }
  return token;
}

std::optional<std::string> from_byte_alphabet(std::string_view token) {
  const auto& byte_of = alphabet().byte_of_code_point;
  std::string bytes;
  for (std::size_t i = 0; i < token.size(); ++i) {
    int code_point = static_cast<unsigned char>(token[i]);
    if (code_point >= 0x80) {
      if (code_point >= 0xE0 || i + 1 == token.size()) {  // beyond two bytes of UTF-8
        return std::nullopt;
      }
      code_point = ((code_point & 0x1F) << 6) | (static_cast<unsigned char>(token[++i]) & 0x3F);
    }
    if (static_cast<std::size_t>(code_point) >= byte_of.size() || byte_of[code_point] < 0) {
      return std::nullopt;
    }
    bytes += static_cast<char>(byte_of[code_point]);
  }
  return bytes;
}

}  // namespace hexgen::tokenizer
