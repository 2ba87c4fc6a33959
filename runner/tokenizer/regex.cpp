#define PCRE2_CODE_UNIT_WIDTH 8
#include "runner/tokenizer/regex.h"

#include <pcre2.h>

#include <stdexcept>

#include "profiles/errors.h"
#include "runner/tokenizer/regex_dialect.h"

namespace hexgen::tokenizer {

namespace {

std::string error_text(int code) {
  PCRE2_UCHAR8 text[256];
  pcre2_get_error_message_8(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

PCRE2_SPTR8 units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR8>(text.data());
}

using MatchData = std::unique_ptr<pcre2_match_data_8, decltype(&pcre2_match_data_free_8)>;

/// The next match at or after `from`; an empty span at the end when there is none.
Span next_match(const pcre2_code_8* code,
                std::string_view text,
                std::size_t from,
                const MatchData& data) {
  // Checking the whole text again at each of its matches would take quadratic time.
  constexpr std::uint32_t kOptions = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
  const int result =
      pcre2_match_8(code, units(text), text.size(), from, kOptions, data.get(), nullptr);
  if (result == PCRE2_ERROR_NOMATCH) {
    return {text.size(), text.size(), false};
  }
  if (result < 0) {
    throw InputError("text at byte " + std::to_string(from) +
                     ": the tokenizer's pattern fails: " + error_text(result));
  }
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer_8(data.get());
  return {offsets[0], offsets[1], true};
}

}  // namespace

Regex::Regex(const std::string& text, Kind kind) {
  const std::string pattern = kind == Kind::kLiteral ? text : pcre2_pattern(text);
  // \C would match a byte and so cut a character in two.
  const std::uint32_t options =
      PCRE2_UTF | (kind == Kind::kLiteral ? PCRE2_LITERAL : PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code_8* code =
      pcre2_compile_8(units(pattern), pattern.size(), options, &error, &offset, nullptr);
  if (code == nullptr) {
    throw std::invalid_argument(error_text(error) + " at byte " + std::to_string(offset));
  }
  code_ = std::shared_ptr<const pcre2_code_8>(
      code, [](const pcre2_code_8* owned) { pcre2_code_free_8(const_cast<pcre2_code_8*>(owned)); });
  pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE);  // without a JIT for this machine, it interprets
}

std::vector<Span> Regex::spans(std::string_view text) const {
  std::vector<Span> found;
  const MatchData data(pcre2_match_data_create_from_pattern_8(code_.get(), nullptr),
                       &pcre2_match_data_free_8);
  for (std::size_t at = 0; at < text.size();) {
    const Span match = next_match(code_.get(), text, at, data);
    if (match.begin > at) {
      found.push_back({at, match.begin, false});
    }
    if (match.matched) {
      found.push_back(match);
    }
    at = match.end;
  }
  return found;
}

std::string Regex::replace(std::string_view text, std::string_view content) const {
  std::string replaced;
  for (const Span& span : spans(text)) {
    replaced += span.matched ? content : text.substr(span.begin, span.end - span.begin);
  }
  return replaced;
}

Regex read_pattern(const JsonReader& json) {
  json.allow_only({"Regex", "String"});
  if (const auto literal = json.find("String")) {
    return Regex(literal->string(), Regex::Kind::kLiteral);
  }
  const JsonReader regex = json.at("Regex");
  try {
    return Regex(regex.string());
  } catch (const std::invalid_argument& error) {
    regex.fail(regex.shown() + ": " + error.what());
  }
}

}  // namespace hexgen::tokenizer
