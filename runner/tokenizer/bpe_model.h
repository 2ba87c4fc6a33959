#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profiles/json_reader.h"
#include "runner/tokenizer/bpe_merge.h"

namespace hexgen::tokenizer {

/// Lets an unordered_map of strings be asked with a string_view.
struct StringHash {
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

using Vocabulary = std::unordered_map<std::string, int, StringHash, std::equal_to<>>;

inline constexpr int kMaxTokenId = (1 << 21) - 1;  // eight times the largest vocabulary known

/// A byte-pair-encoding model: a vocabulary and the merges that lead to its tokens.
class BpeModel {
 public:
  /// Reads "model" of tokenizer.json.
  explicit BpeModel(const JsonReader& json);

  /// Appends the tokens of a word, which is valid UTF-8. A character that is not in the vocabulary
  /// becomes its bytes' tokens, if the model falls back to bytes, or else the unknown token, or
  /// else nothing.
  void encode(std::string_view word, std::vector<int>& tokens) const;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  void read_vocabulary(const JsonReader& json);
  void read_merges(const JsonReader& json);
  int known_token(const std::string& text, const JsonReader& place) const;
  void read_byte_tokens();

  std::vector<int> characters(std::string_view word) const;
  bool append_bytes(std::string_view character, std::vector<int>& tokens) const;

  Vocabulary vocabulary_;
  MergeTable merges_;
  std::optional<std::array<std::optional<int>, 256>> byte_tokens_;  // with "byte_fallback"
  std::optional<int> unknown_token_;
  bool fuse_unknown_ = false;   // neighbouring unknown characters become one unknown token
  bool ignore_merges_ = false;  // a word that is a token needs no merges
};

}  // namespace hexgen::tokenizer
