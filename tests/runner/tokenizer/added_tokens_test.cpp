#include "runner/tokenizer/added_tokens.h"

#include <doctest/doctest.h>

using hexgen::tokenizer::AddedToken;
using hexgen::tokenizer::AddedTokenFinder;

namespace {

/// The parts of a text: text in brackets, tokens as their ids.
std::string parts(const std::vector<AddedToken>& tokens, std::string_view text) {
  std::string shown;
  for (const auto& segment : AddedTokenFinder(tokens).split(text)) {
    const auto part = std::string(text.substr(segment.begin, segment.end - segment.begin));
    shown += segment.token ? std::to_string(*segment.token) : "[" + part + "]";
  }
  return shown;
}

}  // namespace

TEST_CASE("of tokens that begin at one place the longest is taken") {
  const std::vector<AddedToken> tokens = {{.id = 1, .content = "<a>"},
                                          {.id = 2, .content = "<a><b"}};
  CHECK(parts(tokens, "x<a>y<a><b<a><c") == "[x]1[y]21[<c]");
}

TEST_CASE("a token that begins earlier wins over a longer one") {
  const std::vector<AddedToken> tokens = {{.id = 1, .content = "ab"},
                                          {.id = 2, .content = "bcdef"}};
  CHECK(parts(tokens, "abcdef") == "1[cdef]");
}

TEST_CASE("a single word stands between characters that belong to no word") {
  const std::vector<AddedToken> tokens = {{.id = 1, .content = "cat", .single_word = true}};
  CHECK(parts(tokens, "cat") == "1");
  CHECK(parts(tokens, "a cat, cat.") == "[a ]1[, ]1[.]");
  CHECK(parts(tokens, "cats") == "[cats]");
  CHECK(parts(tokens, "bobcat") == "[bobcat]");
  CHECK(parts(tokens, "_cat") == "[_cat]");
  CHECK(parts(tokens, "écat") == "[écat]");
  CHECK(parts(tokens, "cat\u0301") == "[cat\u0301]");  // an accent on the t
}

TEST_CASE("a token takes the white space that it strips, but none of the token before it") {
  const std::vector<AddedToken> tokens = {{.id = 1, .content = "<m>", .left_strip = true},
                                          {.id = 2, .content = "<n>", .right_strip = true}};
  CHECK(parts(tokens, "a \u2003<m> b") == "[a]1[ b]");
  CHECK(parts(tokens, "a <n>\n b") == "[a ]2[b]");
  CHECK(parts(tokens, "<n> <m>") == "21");
}

TEST_CASE("text without added tokens is one part, empty text none") {
  CHECK(parts({}, "abc") == "[abc]");
  CHECK(parts({}, "").empty());
}
