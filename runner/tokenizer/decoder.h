#pragma once

#include <functional>
#include <string>
#include <vector>

#include "profiles/json_reader.h"

namespace hexgen::tokenizer {

/// Turns tokens back into text.
class Decoder {
 public:
  /// Pieces of text to pieces of text.
  using Step = std::function<std::vector<std::string>(std::vector<std::string>)>;

  Decoder() = default;

  /// Reads "decoder" of tokenizer.json; with null, tokens are joined by spaces.
  explicit Decoder(const JsonReader& json);

  /// Text of the tokens, valid UTF-8: U+FFFD stands for bytes that make no character.
  std::string apply(std::vector<std::string> tokens) const;

 private:
  std::vector<Step> steps_;
};

}  // namespace hexgen::tokenizer
