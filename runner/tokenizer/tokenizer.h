#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hexgen {

/// Text to tokens and back, as a model's tokenizer.json says: byte-pair encoding, byte-level
/// (GPT-2, Llama-3, Qwen, SmolLM2) or with byte fallback (Llama-2, Mistral). Gives what Hugging
/// Face's tokenizers library gives. Immutable, so threads may share it; cheap to copy.
class Tokenizer {
 public:
  /// Reads tokenizer.json. Throws InputError naming the place of whatever is broken or not
  /// supported: `tokenizer.json: model.type: "Unigram" is not supported, expected one of BPE`.
  static Tokenizer from_file(const std::string& path);

  /// `file` is what errors call the document.
  static Tokenizer from_json(std::string_view json, const std::string& file);

  /// Tokens of a text. Bytes of it that are not UTF-8 count as U+FFFD (utf8.h). Special tokens
  /// written in the text are recognised; `add_special_tokens` puts those around it that the
  /// tokenizer has for that, such as BOS.
  std::vector<int> encode(std::string_view text, bool add_special_tokens = true) const;

  /// Text of tokens, always valid UTF-8; unknown ids have none. `skip_special_tokens` leaves
  /// special tokens out.
  std::string decode(std::span<const int> tokens, bool skip_special_tokens = true) const;

  /// The id of a token as it stands in the vocabulary ("<|eot|>", "Ġthe"), if there is one.
  std::optional<int> id_of(std::string_view token) const;

  /// The token of an id as it stands in the vocabulary, if there is one.
  std::optional<std::string> token_of(int id) const;

  bool is_special(int id) const;

  /// One more than the largest id; the model's embedding has at least as many rows.
  int num_ids() const;

 private:
  struct Parts;

  explicit Tokenizer(std::shared_ptr<const Parts> parts);

  std::shared_ptr<const Parts> parts_;
};

}  // namespace hexgen
