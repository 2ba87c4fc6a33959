#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "profiles/errors.h"
#include "runner/tokenizer/tokenizer.h"

using hexgen::Tokenizer;
using nlohmann::json;

namespace {

/// A small tokenizer in which every component is present.
json document() {
  return json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 6, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
                      "normalized": false, "special": true}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "_"}]},
    "pre_tokenizer": {"type": "Split", "pattern": {"Regex": " "}, "behavior": "Removed", "invert": false},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
                       "special_tokens": {"<s>": {"id": "<s>", "ids": [6], "tokens": ["<s>"]}}},
    "decoder": {"type": "Strip", "content": "_", "start": 1, "stop": 0},
    "model": {"type": "BPE", "dropout": null, "unk_token": "?", "continuing_subword_prefix": null,
              "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
              "vocab": {"?": 0, "a": 1, "b": 2, "_": 3, "ab": 4, "_ab": 5}, "merges": [["a", "b"], "_ ab"]}})");
}

Tokenizer read(const json& tokenizer) {
  return Tokenizer::from_json(tokenizer.dump(), "t.json");
}

/// The error for the document with another value at `place`, a JSON pointer.
std::string error_with(const std::string& place, const std::string& value) {
  json changed = document();
  changed[json::json_pointer(place)] = json::parse(value);
  try {
    read(changed);
  } catch (const hexgen::InputError& error) {
    return error.what();
  }
  return "(accepted)";
}

}  // namespace

TEST_CASE("a small tokenizer does by hand what its parts say") {
  const Tokenizer tokenizer = read(document());
  // "ab b" -> "_ab b" -> "_ab", "b"; a, b merge first, then _, ab.
  CHECK(tokenizer.encode("ab b") == std::vector<int>{6, 5, 2});
  CHECK(tokenizer.encode("ax", false) == std::vector<int>{3, 1, 0});
  CHECK(tokenizer.decode(std::vector<int>{6, 5, 2}) == "abb");
  CHECK(tokenizer.decode(std::vector<int>{6, 5, 2}, false) == "<s>abb");
  CHECK(tokenizer.num_ids() == 7);
  CHECK(tokenizer.id_of("<s>") == 6);
  CHECK(tokenizer.token_of(5) == "_ab");
  CHECK_FALSE(tokenizer.token_of(7).has_value());
  CHECK_FALSE(tokenizer.token_of(-1).has_value());
  CHECK_FALSE(tokenizer.id_of("zz").has_value());
  CHECK(tokenizer.is_special(6));
  CHECK_FALSE(tokenizer.is_special(5));
}

TEST_CASE("what is not supported is refused by name") {
  CHECK(error_with("/model/type", R"("Unigram")") ==
        "t.json: model.type: \"Unigram\" is not supported, expected one of BPE");
  CHECK(error_with("/normalizer/normalizers/0/type", R"("Precompiled")") ==
        "t.json: normalizer.normalizers[0].type: \"Precompiled\" is not supported, expected one of "
        "Sequence, NFC, NFD, NFKC, NFKD, Prepend, Replace, Strip");
  CHECK(error_with("/pre_tokenizer/type", R"("BertPreTokenizer")") ==
        "t.json: pre_tokenizer.type: \"BertPreTokenizer\" is not supported, expected one of "
        "Sequence, ByteLevel, Digits, Metaspace, Split");
  CHECK(error_with("/post_processor/type", R"("RobertaProcessing")") ==
        "t.json: post_processor.type: \"RobertaProcessing\" is not supported, expected one of "
        "Sequence, ByteLevel, TemplateProcessing");
  CHECK(error_with("/decoder/type", R"("WordPiece")") ==
        "t.json: decoder.type: \"WordPiece\" is not supported, expected one of "
        "Sequence, ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Strip");
  CHECK(error_with("/model/dropout", "0.1") ==
        "t.json: model.dropout: 0.1 would make encoding random, expected null");
  CHECK(error_with("/model/end_of_word_suffix", R"("</w>")") ==
        "t.json: model.end_of_word_suffix: \"</w>\" is not supported, expected null");
  CHECK(error_with("/model/continuing_subword_prefix", R"("##")") ==
        "t.json: model.continuing_subword_prefix: \"##\" is not supported, expected null");
  CHECK(
      error_with("/model/cache_capacity", "1").find("t.json: model.cache_capacity: unknown key") ==
      0);
  CHECK(error_with("/extra", "1").find("t.json: extra: unknown key") == 0);
}

TEST_CASE("a vocabulary whose ids or merges make no sense is refused by place and value") {
  CHECK(error_with("/model/vocab/b", "1") ==
        "t.json: model.vocab.b: 1 is the id of another token too");
  CHECK(error_with("/model/vocab/b", "-1") == "t.json: model.vocab.b: -1 is less than 0");
  CHECK(error_with("/model/vocab/b", "99999999") ==
        "t.json: model.vocab.b: 99999999 is more than 2097151");
  CHECK(error_with("/model/vocab/b", R"("2")") == "t.json: model.vocab.b: \"2\" is not a number");
  CHECK(error_with("/model/vocab", "{}") == "t.json: model.vocab: has no tokens");
  CHECK(error_with("/model/merges/0", R"(["a", "x"])") ==
        "t.json: model.merges[0]: [\"a\",\"x\"]: 'x' is not in the vocabulary");
  CHECK(error_with("/model/merges/0", R"("b a")") ==
        "t.json: model.merges[0]: \"b a\": 'ba' is not in the vocabulary");
  CHECK(error_with("/model/merges/0", R"("a b a")") ==
        "t.json: model.merges[0]: \"a b a\" is not two tokens with a space between them");
  CHECK(error_with("/model/merges/0", R"(["a"])") ==
        "t.json: model.merges[0]: [\"a\"] is not a pair of tokens");
  CHECK(error_with("/model/merges/0", "1") == "t.json: model.merges[0]: 1 is not an array");
  CHECK(error_with("/model/unk_token", R"("<unk>")") ==
        "t.json: model.unk_token: \"<unk>\": '<unk>' is not in the vocabulary");
}

TEST_CASE("added tokens that disagree with the vocabulary are refused") {
  CHECK(error_with("/added_tokens/0/id", "5") ==
        "t.json: added_tokens[0].id: 5 is the id of another token too");
  CHECK(error_with("/added_tokens/0/content", R"("ab")") ==
        "t.json: added_tokens[0].id: 6 is not 4, the token's id in the vocabulary");
  CHECK(error_with("/added_tokens/0/content", R"("")") ==
        "t.json: added_tokens[0].content: is an empty string");
  CHECK(error_with("/added_tokens/0/special", "1") ==
        "t.json: added_tokens[0].special: 1 is not true or false");
}

TEST_CASE("components with a broken option are refused by place and value") {
  CHECK(error_with("/pre_tokenizer/pattern", R"({"Regex": "(a"})")
            .find("t.json: pre_tokenizer.pattern.Regex: \"(a\": ") == 0);
  CHECK(error_with("/pre_tokenizer/pattern", R"({"Regex": "[a&&b]"})") ==
        "t.json: pre_tokenizer.pattern.Regex: \"[a&&b]\": '&&' in a class is not supported");
  CHECK(error_with("/pre_tokenizer/pattern", "{}") ==
        "t.json: pre_tokenizer.pattern: key 'Regex' is missing");
  CHECK(error_with("/pre_tokenizer/behavior", R"("Removd")") ==
        "t.json: pre_tokenizer.behavior: \"Removd\" is not known, did you mean 'Removed'?");
  CHECK(error_with("/pre_tokenizer", R"({"type": "Metaspace", "replacement": "__"})") ==
        "t.json: pre_tokenizer.replacement: \"__\" is not one character");
  CHECK(
      error_with(
          "/pre_tokenizer",
          R"({"type": "Metaspace", "replacement": "_", "add_prefix_space": false, "prepend_scheme": "first"})") ==
      "t.json: pre_tokenizer.prepend_scheme: \"first\" contradicts \"add_prefix_space\": false");
  CHECK(error_with("/decoder/start", "-1") == "t.json: decoder.start: -1 is less than 0");
  CHECK(error_with("/normalizer/normalizers", "{}") ==
        "t.json: normalizer.normalizers: {} is not an array");
}

TEST_CASE("a template must name known tokens and hold the text once") {
  CHECK(error_with("/post_processor/single/0/SpecialToken/id", R"("<t>")") ==
        "t.json: post_processor.single[0].SpecialToken.id: \"<t>\" is not among special_tokens");
  CHECK(error_with("/post_processor/special_tokens/<s>/ids/0", "7") ==
        "t.json: post_processor.special_tokens.<s>.ids[0]: 7 is the id of no token");
  CHECK(error_with("/post_processor/single", "[]") ==
        "t.json: post_processor.single: has the text 0 times, expected once");
  CHECK(error_with("/post_processor/single/1/Sequence/id", R"("B")")
            .find("t.json: post_processor.single[1].Sequence.id: \"B\" is not known") == 0);
}

TEST_CASE("a missing component is refused, an absent one is null") {
  for (const std::string key :
       {"model", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    json changed = document();
    changed.erase(key);
    CHECK_THROWS_WITH_AS(
        read(changed), ("t.json: key '" + key + "' is missing").c_str(), hexgen::InputError);
    changed[key] = nullptr;
    if (key != "model" && key != "added_tokens") {
      CHECK_NOTHROW(read(changed));
    }
  }
}

TEST_CASE("a file that is not there is refused by name") {
  CHECK_THROWS_AS(Tokenizer::from_file("nowhere/tokenizer.json"), hexgen::InputError);
}
