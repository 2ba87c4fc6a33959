#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "profiles/json_reader.h"

// PCRE2's type, so that its header stays in regex.cpp.
struct pcre2_real_code_8;

namespace hexgen::tokenizer {

/// Part of a text, bytes [begin, end).
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool matched = false;
};

/// A compiled pattern of Oniguruma's dialect, as far as regex_dialect.h translates it. Cheap to
/// copy; thread-safe.
class Regex {
 public:
  enum class Kind { kPattern, kLiteral };

  /// Throws std::invalid_argument saying why the pattern does not compile.
  explicit Regex(const std::string& text, Kind kind = Kind::kPattern);

  /// The matches from left to right and the parts between them, none of them empty; together they
  /// cover the text. `text` is valid UTF-8. Throws InputError when matching takes too long.
  std::vector<Span> spans(std::string_view text) const;

  /// The text with each match replaced by `content`.
  std::string replace(std::string_view text, std::string_view content) const;

 private:
  std::shared_ptr<const pcre2_real_code_8> code_;
};

/// {"Regex": "\\s+"} or {"String": " "}, as tokenizer.json writes patterns.
Regex read_pattern(const JsonReader& json);

}  // namespace hexgen::tokenizer
