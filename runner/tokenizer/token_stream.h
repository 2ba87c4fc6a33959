#pragma once

#include <string>
#include <vector>

#include "runner/tokenizer/tokenizer.h"

namespace hexgen {

/// Decodes tokens one after another for streaming. The pieces are always whole characters: bytes of
/// a character that is not complete wait for the tokens that complete it. Joined, the pieces are
/// what Tokenizer::decode gives for all tokens. Only where the bytes of several tokens make no
/// characters may the two differ, because what was given cannot be taken back.
class TokenStream {
 public:
  explicit TokenStream(Tokenizer tokenizer);

  /// Text that has become complete with this token; often empty. Special tokens have none.
  std::string next(int token);

  /// Text of what was held back, with U+FFFD for bytes that make no character.
  std::string finish();

 private:
  std::string held_text() const;

  Tokenizer tokenizer_;
  std::vector<int> given_;  // the last tokens whose text was given: left context of those behind
  std::vector<int> held_;   // tokens whose text was not given yet
};

}  // namespace hexgen
