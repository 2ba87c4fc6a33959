#pragma once

#include <functional>
#include <string>
#include <vector>

#include "profiles/json_reader.h"

namespace hexgen::tokenizer {

/// What happens to a text before it is split: Unicode normal forms, replacements, prefixes.
class Normalizer {
 public:
  using Step = std::function<std::string(std::string)>;

  Normalizer() = default;

  /// Reads "normalizer" of tokenizer.json, which may be null.
  explicit Normalizer(const JsonReader& json);

  /// `text` is valid UTF-8, and so is the result.
  std::string apply(std::string text) const;

 private:
  std::vector<Step> steps_;
};

}  // namespace hexgen::tokenizer
