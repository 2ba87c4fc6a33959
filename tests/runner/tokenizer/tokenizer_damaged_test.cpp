#include <doctest/doctest.h>

#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "runner/tokenizer/token_stream.h"
#include "runner/tokenizer/tokenizer.h"
#include "runner/tokenizer/utf8.h"

using hexgen::Tokenizer;
using nlohmann::json;

namespace {

class Draw {
 public:
  explicit Draw(std::uint64_t seed)
      : state_(seed) {}

  std::size_t below(std::size_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % bound;
  }

 private:
  std::uint64_t state_;
};

/// A few bytes changed, removed or copied elsewhere.
std::string damaged(std::string text, Draw& draw) {
  for (std::size_t changes = 1 + draw.below(3); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = draw.below(text.size());
    switch (draw.below(3)) {
      case 0:
        text[at] = "\"\\{}[]:,019ntf \xFF"[draw.below(17)];
        break;
      case 1:
        text.erase(at, 1 + draw.below(8));
        break;
      default:
        text.insert(at, text.substr(draw.below(text.size()), 1 + draw.below(30)));
    }
  }
  return text;
}

/// A value outside the vocabulary and the merges replaced by another one.
std::string with_other_value(const std::string& text, Draw& draw) {
  static const json values = json::parse(
      R"json([true, false, null, 0, 1, 300, 1e6, "", " ", "_", "▁", "a", "\\s+", "(?=a)", "[^\\p{L}]", "Fuse", {}, []])json");
  json document = json::parse(text);
  json places = document;
  places.at("model").erase("vocab");
  places.at("model").erase("merges");
  places = places.flatten();
  const auto place =
      std::next(places.begin(), static_cast<std::ptrdiff_t>(draw.below(places.size())));
  document[json::json_pointer(place.key())] = values[draw.below(values.size())];
  return document.dump();
}

const char* const kText = "Größe <s> <|end|>\n\n  12345 日本語👍 <mask> it's\xFF";

/// Reads the document and uses what comes of it; says whether it was accepted.
bool survives(const std::string& document) {
  try {
    const Tokenizer tokenizer = Tokenizer::from_json(document, "damaged.json");
    const std::vector<int> tokens = tokenizer.encode(kText);
    CHECK(hexgen::tokenizer::is_utf8(tokenizer.decode(tokens, false)));
    hexgen::TokenStream stream(tokenizer);
    for (const int token : tokens) {
      CHECK(hexgen::tokenizer::is_utf8(stream.next(token)));
    }
    return true;
  } catch (const hexgen::InputError& error) {
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return false;
  }
}

}  // namespace

TEST_CASE("a damaged tokenizer.json is refused by name or works, never anything else") {
  Draw draw(1);
  int accepted = 0;
  int refused = 0;
  for (const std::string name : {"gpt2", "mistral", "every-behavior", "metaspace-older-form"}) {
    const std::string text = hexgen::read_file("tests/data/tokenizers/" + name + "/tokenizer.json");
    for (int round = 0; round < 150; ++round) {
      const bool in_bytes = round % 3 == 0;
      const std::string document = in_bytes ? damaged(text, draw) : with_other_value(text, draw);
      ++(survives(document) ? accepted : refused);
    }
  }
  CHECK(accepted > 50);
  CHECK(refused > 50);
}

TEST_CASE("bytes of any kind are encoded, and come back repaired") {
  Draw draw(2);
  const Tokenizer tokenizer = Tokenizer::from_file("tests/data/tokenizers/llama3/tokenizer.json");
  for (int round = 0; round < 500; ++round) {
    std::string bytes(draw.below(40), '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(draw.below(4) == 0 ? draw.below(256) : 0xE0 + draw.below(32));
    }
    const std::vector<int> tokens = tokenizer.encode(bytes, false);
    CHECK(tokenizer.decode(tokens, false) == hexgen::tokenizer::repair_utf8(bytes));
  }
}
