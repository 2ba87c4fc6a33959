#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profiles/errors.h"
#include "profiles/names.h"

// Values of options that are more than a number or a word.
namespace hexgen {

/// The value whose name is `text`. Throws InputError with the nearest name for any other.
template <typename Value>
Value one_of(const std::string& flag,
             const std::string& text,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (name == text) {
      return value;
    }
    names.push_back(name);
  }
  throw InputError(flag + ": '" + text + "' is not known, " + advice(text, names));
}

/// A finite number that is the whole text.
std::optional<double> parse_number(std::string_view text);

std::vector<std::string> split(const std::string& text, char separator);

}  // namespace hexgen
