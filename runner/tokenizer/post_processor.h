#pragma once

#include <vector>

#include "profiles/json_reader.h"
#include "runner/tokenizer/token_table.h"

namespace hexgen::tokenizer {

/// Puts special tokens, such as BOS, around those of a text.
class PostProcessor {
 public:
  /// Reads "post_processor" of tokenizer.json, which may be null. Of its templates only that of a
  /// single text counts. Refuses ids that are no tokens of the table.
  PostProcessor(const JsonReader& json, const TokenTable& table);

  const std::vector<int>& before() const { return before_; }

  const std::vector<int>& behind() const { return behind_; }

 private:
  std::vector<int> before_;
  std::vector<int> behind_;
};

}  // namespace hexgen::tokenizer
