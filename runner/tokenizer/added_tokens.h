#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/json_reader.h"
#include "runner/tokenizer/normalizer.h"

namespace hexgen::tokenizer {

/// A token that is found in the text before anything else happens to it, such as "<|eot|>".
struct AddedToken {
  int id = 0;
  std::string content;
  bool special = false;      // left out of decoded text on request
  bool normalized = false;   // looked for after normalisation instead of before
  bool single_word = false;  // only where no letter, digit or "_" adjoins
  bool left_strip = false;   // takes the white space before it
  bool right_strip = false;  // takes the white space behind it
};

/// Reads an item of "added_tokens" of tokenizer.json.
AddedToken read_added_token(const JsonReader& json);

/// A part of a text: an added token, or text between such.
struct Segment {
  std::size_t begin = 0;  // bytes [begin, end)
  std::size_t end = 0;
  std::optional<int> token;
};

/// Finds added tokens in text: the leftmost, and the longest of those that begin there.
class AddedTokenFinder {
 public:
  explicit AddedTokenFinder(const std::vector<AddedToken>& tokens);

  /// The parts of `text`, valid UTF-8, from left to right; text parts are not empty.
  std::vector<Segment> split(std::string_view text) const;

 private:
  const AddedToken* longest_at(std::string_view text, std::size_t at) const;

  std::array<std::vector<AddedToken>, 256> by_first_byte_;  // longest first
};

}  // namespace hexgen::tokenizer
