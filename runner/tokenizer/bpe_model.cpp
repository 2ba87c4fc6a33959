#include "runner/tokenizer/bpe_model.h"

#include <algorithm>
#include <cstdio>

#include "runner/tokenizer/steps.h"
#include "runner/tokenizer/utf8.h"

namespace hexgen::tokenizer {

namespace {

void refuse_affix(const JsonReader& json, const std::string& key) {
  const auto affix = find_value(json, key);
  if (affix && !read_text(*affix).empty()) {
    affix->fail(affix->shown() + " is not supported, expected null");
  }
}

void refuse_unsupported(const JsonReader& json) {
  json.allow_only({"type",
                   "vocab",
                   "merges",
                   "dropout",
                   "unk_token",
                   "continuing_subword_prefix",
                   "end_of_word_suffix",
                   "fuse_unk",
                   "byte_fallback",
                   "ignore_merges"});
  const auto type = json.find("type");
  if (type && type->string() != "BPE") {
    refuse_type(*type, {"BPE"});
  }
  const auto dropout = find_value(json, "dropout");
  if (dropout && dropout->number(0, 1) != 0) {
    dropout->fail(dropout->shown() + " would make encoding random, expected null");
  }
  refuse_affix(json, "continuing_subword_prefix");
  refuse_affix(json, "end_of_word_suffix");
}

/// The two tokens of a merge: ["a", "b"], or "a b" in older files.
std::pair<std::string, std::string> read_pair(const JsonReader& json) {
  if (json.is_string()) {
    const std::string text = json.string();
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
      json.fail(json.shown() + " is not two tokens with a space between them");
    }
    return {text.substr(0, space), text.substr(space + 1)};
  }
  const std::vector<JsonReader> pair = json.items();
  if (pair.size() != 2) {
    json.fail(json.shown() + " is not a pair of tokens");
  }
  return {pair[0].string(), pair[1].string()};
}

}  // namespace

BpeModel::BpeModel(const JsonReader& json) {
  refuse_unsupported(json);
  read_vocabulary(json.at("vocab"));
  read_merges(json.at("merges"));
  if (const auto unknown = find_value(json, "unk_token")) {
    unknown_token_ = known_token(unknown->string(), *unknown);
  }
  if (read_flag(json, "byte_fallback", false)) {
    read_byte_tokens();
  }
  fuse_unknown_ = read_flag(json, "fuse_unk", false);
  ignore_merges_ = read_flag(json, "ignore_merges", false);
}

void BpeModel::read_vocabulary(const JsonReader& json) {
  std::unordered_map<int, std::string> token_of_id;
  for (const auto& [token, id_json] : json.members()) {
    const int id = id_json.small_integer(0, kMaxTokenId);
    const auto [earlier, inserted] = token_of_id.emplace(id, token);
    if (!inserted) {
      id_json.fail(id_json.shown() + " is the id of another token too");
    }
    vocabulary_.emplace(token, id);
  }
  if (vocabulary_.empty()) {
    json.fail("has no tokens");
  }
}

int BpeModel::known_token(const std::string& text, const JsonReader& place) const {
  const auto found = vocabulary_.find(text);
  if (found == vocabulary_.end()) {
    place.fail(place.shown() + ": '" + repair_utf8(text) + "' is not in the vocabulary");
  }
  return found->second;
}

void BpeModel::read_merges(const JsonReader& json) {
  const std::vector<JsonReader> items = json.items();
  merges_.reserve(items.size());
  int rank = 0;
  for (const JsonReader& item : items) {
    const auto [left, right] = read_pair(item);
    const int left_token = known_token(left, item);
    const int right_token = known_token(right, item);
    merges_.insert(left_token, right_token, {rank++, known_token(left + right, item)});
  }
}

void BpeModel::read_byte_tokens() {
  byte_tokens_.emplace();
  for (unsigned byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    const auto found = vocabulary_.find(std::string_view(name));
    if (found != vocabulary_.end()) {
      (*byte_tokens_)[byte] = found->second;
    }
  }
}

/// Appends nothing unless all bytes have tokens.
bool BpeModel::append_bytes(std::string_view character, std::vector<int>& tokens) const {
  if (!byte_tokens_) {
    return false;
  }
  const auto token_of = [this](char byte) {
    return (*byte_tokens_)[static_cast<unsigned char>(byte)];
  };
  if (!std::all_of(character.begin(), character.end(), token_of)) {
    return false;
  }
  std::transform(character.begin(), character.end(), std::back_inserter(tokens), [&](char byte) {
    return *token_of(byte);
  });
  return true;
}

std::vector<int> BpeModel::characters(std::string_view word) const {
  std::vector<int> tokens;
  bool after_unknown = false;
  for (std::size_t at = 0; at < word.size();) {
    const std::string_view character = word.substr(at, utf8_part(word, at).length);
    at += character.size();
    const auto known = vocabulary_.find(character);
    const bool unknown = known == vocabulary_.end();
    if (!unknown) {
      tokens.push_back(known->second);
    } else if (append_bytes(character, tokens)) {
      continue;
    } else if (unknown_token_ && !(after_unknown && fuse_unknown_)) {
      tokens.push_back(*unknown_token_);
    }
    after_unknown = unknown;
  }
  return tokens;
}

void BpeModel::encode(std::string_view word, std::vector<int>& tokens) const {
  if (ignore_merges_) {
    if (const auto whole = vocabulary_.find(word); whole != vocabulary_.end()) {
      tokens.push_back(whole->second);
      return;
    }
  }
  const std::vector<int> merged = merge_tokens(characters(word), merges_);
  tokens.insert(tokens.end(), merged.begin(), merged.end());
}

}  // namespace hexgen::tokenizer
