#pragma once

#include <functional>
#include <string>
#include <vector>

#include "profiles/json_reader.h"

namespace hexgen::tokenizer {

/// A piece of text that merges do not cross.
struct Word {
  std::string text;
  bool at_start = false;  // begins where the whole text begins
};

/// Splits text into words, and writes their bytes in the vocabulary's alphabet.
class PreTokenizer {
 public:
  /// Appends what becomes of a word; empty words may appear and mean nothing.
  using Step = std::function<void(Word, std::vector<Word>&)>;

  PreTokenizer() = default;

  /// Reads "pre_tokenizer" of tokenizer.json, which may be null.
  explicit PreTokenizer(const JsonReader& json);

  std::vector<Word> apply(Word text) const;

 private:
  std::vector<Step> steps_;
};

}  // namespace hexgen::tokenizer
