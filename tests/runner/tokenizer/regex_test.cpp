#include "runner/tokenizer/regex.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "runner/tokenizer/regex_dialect.h"

using hexgen::tokenizer::pcre2_pattern;
using hexgen::tokenizer::Regex;
using hexgen::tokenizer::Span;

namespace {

/// The parts of a text, matches in brackets.
std::string marked(const std::string& pattern, const std::string& text) {
  std::string shown;
  for (const Span& span : Regex(pattern).spans(text)) {
    const std::string part = text.substr(span.begin, span.end - span.begin);
    shown += span.matched ? "[" + part + "]" : part;
  }
  return shown;
}

std::string refusal(const std::string& pattern) {
  try {
    const Regex compiled(pattern);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "(accepted)";
}

}  // namespace

TEST_CASE("matches and what lies between them cover the text") {
  CHECK(marked("[0-9]+", "a12b3") == "a[12]b[3]");
  CHECK(marked("x", "abc") == "abc");
  CHECK(marked("x*", "axxb") == "a[xx]b");  // empty matches count for nothing
  CHECK(marked("x", "") == "");
}

TEST_CASE("Llama-3's pattern divides a sentence as its authors meant") {
  const std::string pattern =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  CHECK(marked(pattern, "Hello's wörld 12345  日本語!!\n\n x") ==
        "[Hello]['s][ wörld][ ][123][45][ ][ 日本語][!!\n\n][ x]");
}

TEST_CASE("white space is Unicode's, also inside classes and negated") {
  const std::string spaces = "\t \u0085\u00A0\u2003\u3000";
  CHECK(marked("\\s+", "a" + spaces + "b") == "a[" + spaces + "]b");
  CHECK(marked("[\\sx]+", "a" + spaces + "b") == "a[" + spaces + "]b");
  CHECK(marked("\\S+", "a" + spaces + "b") == "[a]" + spaces + "[b]");
  CHECK(marked("[\\S]+", "a" + spaces + "b") == "[a]" + spaces + "[b]");
  const std::string former_space = "\u180E";
  CHECK(marked("\\s", former_space) == former_space);
  CHECK(marked("[\\s]", former_space) == former_space);
  CHECK(marked("\\S", former_space) == "[" + former_space + "]");
  CHECK(marked("[\\S]", former_space) == "[" + former_space + "]");
}

TEST_CASE("what PCRE2 would take for something else is refused") {
  CHECK(refusal("\\h+") == "'\\h' is not supported");
  CHECK(refusal("[a-z&&[^m]]") == "'&&' in a class is not supported");
  CHECK(refusal("[a[bc]]") == "a class inside a class is not supported");
  CHECK(refusal("[\\[a]&&x") == "(accepted)");
  CHECK(refusal("[[:alpha:]&]") == "(accepted)");
  CHECK(pcre2_pattern("[[:alpha:]\\s]\\d") == "[[:alpha:]\\t-\\r\\x{85}\\p{Z}]\\d");
}

TEST_CASE("a pattern that does not compile is refused with the reason and the place") {
  CHECK(refusal("a(b").find(" at byte 3") != std::string::npos);
  CHECK(refusal("\\") != "(accepted)");
  CHECK(refusal("\\C") != "(accepted)");  // would match part of a character
}

TEST_CASE("a literal has no special characters") {
  const Regex literal("a.b", Regex::Kind::kLiteral);
  CHECK(literal.replace("axb a.b", "\\0") == "axb \\0");
}

TEST_CASE("a million spaces take no more than one pass") {
  const std::string text = "x" + std::string(1'000'000, ' ') + "y";
  const auto spans = Regex(R"(\s*[\r\n]+|\s+(?!\S)|\s+)").spans(text);
  REQUIRE(spans.size() == 4);
  CHECK(spans[1].end == 1'000'000);  // all but the last space, which goes with what follows
}
