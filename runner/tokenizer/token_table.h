#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/json_reader.h"
#include "runner/tokenizer/added_tokens.h"
#include "runner/tokenizer/bpe_model.h"

namespace hexgen::tokenizer {

/// All tokens by id: the model's vocabulary and the added tokens.
class TokenTable {
 public:
  /// Reads "added_tokens". Refuses an added token whose id is another token's, or which is in the
  /// vocabulary under another id.
  TokenTable(const Vocabulary& vocabulary, const JsonReader& added_tokens);

  /// nullptr when there is no such token.
  const std::string* find(int id) const;

  std::optional<int> id_of(std::string_view token) const;

  bool is_special(int id) const { return find(id) != nullptr && entries_[id].special; }

  int num_ids() const { return static_cast<int>(entries_.size()); }

  const std::vector<AddedToken>& added() const { return added_; }

 private:
  struct Entry {
    std::string text;  // empty: no token has this id
    bool special = false;
  };

  Entry& entry(int id);
  void add(const AddedToken& token, const JsonReader& json);

  Vocabulary id_of_;
  std::vector<Entry> entries_;
  std::vector<AddedToken> added_;
};

}  // namespace hexgen::tokenizer
