#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profiles/file.h"
#include "runner/tokenizer/token_stream.h"
#include "runner/tokenizer/tokenizer.h"
#include "runner/tokenizer/utf8.h"

// tests/data/tokenizers holds tokenizers of every kind and what the Hugging Face tokenizers library
// makes of texts.json; scripts/make_tokenizer_goldens.py writes them.
using hexgen::Tokenizer;
using hexgen::TokenStream;
using nlohmann::json;

namespace {

const std::string kFolder = "tests/data/tokenizers/";

json read_json(const std::string& path) {
  return json::parse(hexgen::read_file(path));
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// All texts in the order of the goldens: the broken ones last, as they are.
std::vector<std::string> texts() {
  const json document = read_json(kFolder + "texts.json");
  std::vector<std::string> all = document.at("texts");
  for (const std::string digits : document.at("broken_bytes_in_hex")) {
    all.push_back(from_hex(digits));
  }
  return all;
}

struct Golden {
  std::string name;
  Tokenizer tokenizer;
  json cases;
};

std::vector<Golden> goldens() {
  std::vector<Golden> all;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.is_directory()) {
      const std::string folder = entry.path().string();
      all.push_back({entry.path().filename().string(),
                     Tokenizer::from_file(folder + "/tokenizer.json"),
                     read_json(folder + "/cases.json")});
    }
  }
  return all;
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<int>& tokens) {
  TokenStream stream(tokenizer);
  std::string text;
  for (const int token : tokens) {
    const std::string piece = stream.next(token);
    CHECK(hexgen::tokenizer::is_utf8(piece));
    text += piece;
  }
  return text + stream.finish();
}

}  // namespace

TEST_CASE("every kind of tokenizer encodes texts as the tokenizers library does") {
  const std::vector<std::string> inputs = texts();
  const std::vector<Golden> all = goldens();
  CHECK(all.size() == 11);
  for (const Golden& golden : all) {
    CAPTURE(golden.name);
    const json& encoded = golden.cases.at("encoded");
    const json& with_special_tokens = golden.cases.at("encoded_with_special_tokens");
    REQUIRE(encoded.size() == inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CAPTURE(inputs[i]);
      CHECK(json(golden.tokenizer.encode(inputs[i], false)) == encoded[i]);
      if (i < with_special_tokens.size()) {
        CHECK(json(golden.tokenizer.encode(inputs[i])) == with_special_tokens[i]);
      }
    }
  }
}

TEST_CASE("every kind of tokenizer decodes tokens, broken characters too, as the library does") {
  for (const Golden& golden : goldens()) {
    CAPTURE(golden.name);
    for (std::size_t i = 0; i < golden.cases.at("encoded").size(); ++i) {
      const std::vector<int> tokens = golden.cases.at("encoded")[i];
      CHECK(golden.tokenizer.decode(tokens, false) == golden.cases.at("decoded")[i]);
    }
    for (const json& entry : golden.cases.at("random")) {
      const std::vector<int> tokens = entry[0];
      CAPTURE(entry[0].dump());
      CHECK(golden.tokenizer.decode(tokens, false) == entry[1]);
      CHECK(golden.tokenizer.decode(tokens, true) == entry[2]);
    }
  }
}

TEST_CASE("streamed pieces are whole characters and join to the decoded text") {
  int compared = 0;
  for (const Golden& golden : goldens()) {
    CAPTURE(golden.name);
    std::vector<std::vector<int>> sequences = golden.cases.at("encoded");
    for (const json& entry : golden.cases.at("random")) {
      sequences.push_back(entry[0]);
    }
    for (const std::vector<int>& tokens : sequences) {
      CAPTURE(json(tokens).dump());
      const std::string text = streamed(golden.tokenizer, tokens);
      const std::string expected = golden.tokenizer.decode(tokens);
      if (expected.find(hexgen::tokenizer::kReplacementCharacter) == std::string::npos) {
        CHECK(text == expected);
        ++compared;
      }
    }
  }
  CHECK(compared > 1000);
}

TEST_CASE("byte-level tokenizers that change nothing give every text back") {
  const std::vector<std::string> inputs = texts();
  for (const std::string name : {"llama3", "smollm"}) {
    const Tokenizer tokenizer = Tokenizer::from_file(kFolder + name + "/tokenizer.json");
    for (const std::string& text : inputs) {
      const std::vector<int> tokens = tokenizer.encode(text, false);
      CHECK(tokenizer.decode(tokens, false) == hexgen::tokenizer::repair_utf8(text));
    }
  }
}

TEST_CASE("the tiny model's tokenizer gives the prompts of its goldens") {
  const Tokenizer tokenizer = Tokenizer::from_file("tests/data/tiny-llama/tokenizer.json");
  CHECK(tokenizer.num_ids() == 1024);
  const json greedy = read_json("tests/data/tiny-llama/greedy.json");
  for (const json& entry : greedy.at("cases")) {
    CHECK(json(tokenizer.encode(entry.at("prompt").get<std::string>())) ==
          entry.at("prompt_tokens"));
    CHECK(tokenizer.decode(entry.at("greedy_tokens").get<std::vector<int>>()) == entry.at("text"));
  }
}
