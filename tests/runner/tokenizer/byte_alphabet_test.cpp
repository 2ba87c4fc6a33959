#include "runner/tokenizer/byte_alphabet.h"

#include <doctest/doctest.h>

#include <set>

using hexgen::tokenizer::from_byte_alphabet;
using hexgen::tokenizer::to_byte_alphabet;

TEST_CASE("printable bytes stand for themselves, others for characters from U+0100 on") {
  CHECK(to_byte_alphabet("aZ~!") == "aZ~!");
  CHECK(to_byte_alphabet(" the\n") == "ĠtheĊ");
  CHECK(to_byte_alphabet(std::string(1, '\0')) ==
        "Ā");                              // the first byte that is not printable: U+0100
  CHECK(to_byte_alphabet("\xAD") == "Ń");  // the last: U+0143
  CHECK(to_byte_alphabet("é") == "Ã©");    // bytes C3 A9, both printable
}

TEST_CASE("all 256 bytes have characters of their own and come back") {
  std::set<std::string> characters;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    characters.insert(to_byte_alphabet(bytes));
    CHECK(from_byte_alphabet(to_byte_alphabet(bytes)) == bytes);
  }
  CHECK(characters.size() == 256);
}

TEST_CASE("a token with a character outside the alphabet has no bytes") {
  CHECK_FALSE(from_byte_alphabet("a b").has_value());  // a space is written Ġ
  CHECK_FALSE(from_byte_alphabet("日本").has_value());
  CHECK_FALSE(from_byte_alphabet("ń").has_value());  // U+0144, one behind the last
  CHECK_FALSE(from_byte_alphabet("😀").has_value());
  CHECK(from_byte_alphabet("") == "");
}
