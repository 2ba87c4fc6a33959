#include "runner/tokenizer/token_table.h"

namespace hexgen::tokenizer {

TokenTable::TokenTable(const Vocabulary& vocabulary, const JsonReader& added_tokens)
    : id_of_(vocabulary) {
  for (const auto& [text, id] : vocabulary) {
    entry(id).text = text;
  }
  if (!added_tokens.is_null()) {
    for (const JsonReader& item : added_tokens.items()) {
      add(read_added_token(item), item);
    }
  }
}

const std::string* TokenTable::find(int id) const {
  const bool known = id >= 0 && id < num_ids() && !entries_[id].text.empty();
  return known ? &entries_[id].text : nullptr;
}

std::optional<int> TokenTable::id_of(std::string_view token) const {
  const auto found = id_of_.find(token);
  return found == id_of_.end() ? std::nullopt : std::optional(found->second);
}

TokenTable::Entry& TokenTable::entry(int id) {
  if (id >= num_ids()) {
    entries_.resize(static_cast<std::size_t>(id) + 1);
  }
  return entries_[id];
}

void TokenTable::add(const AddedToken& token, const JsonReader& json) {
  const auto [known, inserted] = id_of_.emplace(token.content, token.id);
  if (known->second != token.id) {
    json.at("id").fail(std::to_string(token.id) + " is not " + std::to_string(known->second) +
                       ", the token's id in the vocabulary");
  }
  Entry& place = entry(token.id);
  if (inserted && !place.text.empty()) {
    json.at("id").fail(std::to_string(token.id) + " is the id of another token too");
  }
  place = {token.content, token.special};
  added_.push_back(token);
}

}  // namespace hexgen::tokenizer
