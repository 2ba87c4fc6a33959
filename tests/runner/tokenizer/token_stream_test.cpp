#include "runner/tokenizer/token_stream.h"

#include <doctest/doctest.h>

#include "runner/tokenizer/utf8.h"

using hexgen::Tokenizer;
using hexgen::TokenStream;

namespace {

Tokenizer golden_tokenizer(const std::string& name) {
  return Tokenizer::from_file("tests/data/tokenizers/" + name + "/tokenizer.json");
}

std::vector<int> ids(const Tokenizer& tokenizer, const std::vector<std::string>& tokens) {
  std::vector<int> found;
  for (const std::string& token : tokens) {
    found.push_back(tokenizer.id_of(token).value());
  }
  return found;
}

}  // namespace

TEST_CASE("a character waits until its last byte has come") {
  const Tokenizer tokenizer = golden_tokenizer("llama2");
  TokenStream stream(tokenizer);
  const std::vector<int> tokens =
      ids(tokenizer, {"▁", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "a"});
  std::vector<std::string> pieces;
  for (const int token : tokens) {
    pieces.push_back(stream.next(token));
  }
  CHECK(pieces == std::vector<std::string>{"", "", "", "", "😀", "a"});
  CHECK(stream.finish().empty());
}

TEST_CASE("only the first token of a text loses the space before it") {
  const Tokenizer tokenizer = golden_tokenizer("llama2");
  TokenStream stream(tokenizer);
  const int token = tokenizer.id_of("▁the").value();
  CHECK(stream.next(token) == "the");
  CHECK(stream.next(token) == " the");
  CHECK(stream.next(token) == " the");
}

TEST_CASE("special tokens give no text and break no character") {
  const Tokenizer tokenizer = golden_tokenizer("llama3");
  TokenStream stream(tokenizer);
  const std::vector<int> tokens = ids(tokenizer, {"Ã", "<|end|>", "©"});  // C3 A9: é
  CHECK(stream.next(tokens[0]).empty());
  CHECK(stream.next(tokens[1]).empty());
  CHECK(stream.next(tokens[2]) == "é");
}

TEST_CASE("the end gives what is held back") {
  const Tokenizer tokenizer = golden_tokenizer("llama3");
  TokenStream stream(tokenizer);
  CHECK(stream.next(tokenizer.id_of("Ã").value()).empty());
  CHECK(stream.finish() == "\uFFFD");
  CHECK(stream.finish().empty());
}

TEST_CASE("endless broken bytes are given as replacement characters from time to time") {
  for (const auto& [name, token] : {std::pair("llama3", "Ã"), std::pair("llama2", "<0xC3>")}) {
    const Tokenizer tokenizer = golden_tokenizer(name);
    TokenStream stream(tokenizer);
    std::size_t given = 0;
    for (int i = 0; i < 100; ++i) {
      const std::string piece = stream.next(tokenizer.id_of(token).value());
      CHECK(hexgen::tokenizer::is_utf8(piece));
      given += piece.size();
    }
    CHECK(given > 200);
    CHECK(stream.next(tokenizer.id_of("a").value()).back() == 'a');
  }
}
