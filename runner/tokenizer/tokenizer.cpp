#include "runner/tokenizer/tokenizer.h"

#include <algorithm>

#include "profiles/file.h"
#include "profiles/json_reader.h"
#include "runner/tokenizer/added_tokens.h"
#include "runner/tokenizer/bpe_model.h"
#include "runner/tokenizer/decoder.h"
#include "runner/tokenizer/normalizer.h"
#include "runner/tokenizer/post_processor.h"
#include "runner/tokenizer/pre_tokenizer.h"
#include "runner/tokenizer/token_table.h"
#include "runner/tokenizer/utf8.h"

namespace hexgen {

namespace {

using tokenizer::AddedToken;
using tokenizer::AddedTokenFinder;

/// Finds the added tokens that are looked for before normalisation, or those after it.
AddedTokenFinder make_finder(std::vector<AddedToken> added,
                             const tokenizer::Normalizer* normalizer) {
  std::erase_if(
      added, [&](const AddedToken& token) { return token.normalized != (normalizer != nullptr); });
  if (normalizer != nullptr) {
    for (AddedToken& token : added) {
      token.content = normalizer->apply(token.content);
    }
    std::erase_if(added, [](const AddedToken& token) { return token.content.empty(); });
  }
  return AddedTokenFinder(added);
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(const JsonReader& json)
      : model(json.at("model")),
        table(model.vocabulary(), json.at("added_tokens")),
        normalizer(json.at("normalizer")),
        raw_tokens(make_finder(table.added(), nullptr)),
        normalized_tokens(make_finder(table.added(), &normalizer)),
        pre_tokenizer(json.at("pre_tokenizer")),
        post_processor(json.at("post_processor"), table),
        decoder(json.at("decoder")) {
    // Truncation and padding serve batches of equal length; a runner needs neither.
    json.allow_only({"version",
                     "truncation",
                     "padding",
                     "added_tokens",
                     "normalizer",
                     "pre_tokenizer",
                     "post_processor",
                     "decoder",
                     "model"});
  }

  /// Tokens of text between added tokens, before normalisation.
  void encode_raw(std::string_view text, bool at_start, std::vector<int>& tokens) const {
    const std::string normalized = normalizer.apply(std::string(text));
    for (const tokenizer::Segment& segment : normalized_tokens.split(normalized)) {
      if (segment.token) {
        tokens.push_back(*segment.token);
      } else {
        encode_normalized(normalized.substr(segment.begin, segment.end - segment.begin),
                          at_start && segment.begin == 0,
                          tokens);
      }
    }
  }

  void encode_normalized(std::string text, bool at_start, std::vector<int>& tokens) const {
    for (const tokenizer::Word& word : pre_tokenizer.apply({std::move(text), at_start})) {
      model.encode(word.text, tokens);
    }
  }

  tokenizer::BpeModel model;
  tokenizer::TokenTable table;
  tokenizer::Normalizer normalizer;
  AddedTokenFinder raw_tokens;
  AddedTokenFinder normalized_tokens;
  tokenizer::PreTokenizer pre_tokenizer;
  tokenizer::PostProcessor post_processor;
  tokenizer::Decoder decoder;
};

Tokenizer::Tokenizer(std::shared_ptr<const Parts> parts)
    : parts_(std::move(parts)) {}

Tokenizer Tokenizer::from_file(const std::string& path) {
  return from_json(read_file(path), path);
}

Tokenizer Tokenizer::from_json(std::string_view json, const std::string& file) {
  const JsonDocument document = JsonDocument::parse(json, file);
  return Tokenizer(std::make_shared<const Parts>(document.root()));
}

std::vector<int> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  const std::string valid = tokenizer::repair_utf8(text);
  std::vector<int> tokens;
  if (add_special_tokens) {
    tokens = parts_->post_processor.before();
  }
  for (const tokenizer::Segment& segment : parts_->raw_tokens.split(valid)) {
    if (segment.token) {
      tokens.push_back(*segment.token);
    } else {
      const auto between =
          std::string_view(valid).substr(segment.begin, segment.end - segment.begin);
      parts_->encode_raw(between, segment.begin == 0, tokens);
    }
  }
  if (add_special_tokens) {
    const std::vector<int>& behind = parts_->post_processor.behind();
    tokens.insert(tokens.end(), behind.begin(), behind.end());
  }
  return tokens;
}

std::string Tokenizer::decode(std::span<const int> tokens, bool skip_special_tokens) const {
  std::vector<std::string> pieces;
  for (const int token : tokens) {
    const std::string* text = parts_->table.find(token);
    if (text != nullptr && !(skip_special_tokens && parts_->table.is_special(token))) {
      pieces.push_back(*text);
    }
  }
  return parts_->decoder.apply(std::move(pieces));
}

std::optional<int> Tokenizer::id_of(std::string_view token) const {
  return parts_->table.id_of(token);
}

std::optional<std::string> Tokenizer::token_of(int id) const {
  const std::string* text = parts_->table.find(id);
  return text == nullptr ? std::nullopt : std::optional(*text);
}

bool Tokenizer::is_special(int id) const {
  return parts_->table.is_special(id);
}

int Tokenizer::num_ids() const {
  return parts_->table.num_ids();
}

}  // namespace hexgen
