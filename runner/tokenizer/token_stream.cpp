#include "runner/tokenizer/token_stream.h"

#include <utility>

#include "runner/tokenizer/utf8.h"

namespace hexgen {

namespace {

/// More than a character has bytes, so that endless broken bytes are given and not kept.
constexpr std::size_t kMaxHeldTokens = 16;

/// Bytes of a character that lacks some decode to U+FFFD at the end.
bool may_go_on(const std::string& text) {
  const std::string_view mark = tokenizer::kReplacementCharacter;
  return text.size() >= mark.size() &&
         text.compare(text.size() - mark.size(), mark.size(), mark) == 0;
}

}  // namespace

TokenStream::TokenStream(Tokenizer tokenizer)
    : tokenizer_(std::move(tokenizer)) {}

std::string TokenStream::next(int token) {
  if (tokenizer_.is_special(token)) {
    return {};
  }
  held_.push_back(token);
  std::string text = held_text();
  if (may_go_on(text) && held_.size() < kMaxHeldTokens) {
    return {};
  }
  given_ = std::move(held_);
  held_.clear();
  return text;
}

std::string TokenStream::finish() {
  std::string text = held_text();
  held_.clear();
  return text;
}

std::string TokenStream::held_text() const {
  const std::string given_text = tokenizer_.decode(given_);
  std::vector<int> all = given_;
  all.insert(all.end(), held_.begin(), held_.end());
  const std::string text = tokenizer_.decode(all);
  // Bytes that stand beside others can make the text before them another one: it was given.
  const bool goes_on = text.compare(0, given_text.size(), given_text) == 0;
  return goes_on ? text.substr(given_text.size()) : tokenizer_.decode(held_);
}

}  // namespace hexgen
