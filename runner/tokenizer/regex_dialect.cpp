#include "runner/tokenizer/regex_dialect.h"

#include <stdexcept>

namespace hexgen::tokenizer {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument(what + " is not supported");
}

std::string escape(char letter, bool in_class) {
  switch (letter) {
    case 's':
      return in_class ? R"(\t-\r\x{85}\p{Z})" : R"([^\S\x{180E}])";
    case 'S':
      return in_class ? R"(\S\x{180E})" : R"([\S\x{180E}])";
    case 'h':  // a hexadecimal digit there, white space here
    case 'H':
      refuse(std::string("'\\") + letter + "'");
    default:
      return {'\\', letter};
  }
}

/// Oniguruma nests and intersects classes; PCRE2 would take the same characters for themselves.
void refuse_set_operation(char current, char next) {
  if (current == '&' && next == '&') {
    refuse("'&&' in a class");
  }
  if (current == '[') {
    refuse("a class inside a class");
  }
}

}  // namespace

std::string pcre2_pattern(std::string_view pattern) {
  std::string translated;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char current = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (current == '\\' && next != '\0') {
      translated += escape(next, in_class);
      ++i;
      continue;
    }
    const std::size_t named_end = pattern.find(":]", i);
    if (in_class && current == '[' && next == ':' && named_end != std::string_view::npos) {
      translated += pattern.substr(i, named_end + 2 - i);  // [:alpha:]
      i = named_end + 1;
      continue;
    }
    if (in_class) {
      refuse_set_operation(current, next);
    }
    in_class = in_class ? current != ']' : current == '[';
    translated += current;
  }
  return translated;
}

}  // namespace hexgen::tokenizer
