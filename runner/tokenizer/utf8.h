#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hexgen::tokenizer {

/// A character of a text, or bytes that are none.
struct Utf8Part {
  std::size_t length = 0;  // bytes
  bool valid = false;
};

/// The character that begins at text[at], or else the longest beginning of one that stands there
/// (at least one byte): a "maximal subpart", Unicode 15, section 3.9.
Utf8Part utf8_part(std::string_view text, std::size_t at);

bool is_utf8(std::string_view text);

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

/// The text with U+FFFD for each maximal subpart that is no character, as Rust's from_utf8_lossy
/// and Python's decode(errors="replace") give it.
std::string repair_utf8(std::string_view text);

}  // namespace hexgen::tokenizer
