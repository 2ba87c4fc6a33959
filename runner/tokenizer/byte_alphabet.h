#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hexgen::tokenizer {

/// Byte-level vocabularies write each byte as one printable character, GPT-2's alphabet: printable
/// bytes of Latin-1 stand for themselves, the other 68 for U+0100 and what follows, so that " "
/// is "Ġ".
std::string to_byte_alphabet(std::string_view bytes);

/// The bytes that a token stands for; none when it has a character outside the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view token);

}  // namespace hexgen::tokenizer
