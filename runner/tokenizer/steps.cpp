#include "runner/tokenizer/steps.h"

#include <nlohmann/json.hpp>

#include "profiles/names.h"
#include "runner/tokenizer/utf8.h"

namespace hexgen::tokenizer {

void refuse_type(const JsonReader& type, const std::vector<std::string>& supported) {
  type.fail(type.shown() + " is not supported, expected one of " + join(supported));
}

std::string read_text(const JsonReader& json) {
  return json.is_string() ? json.value().get<std::string>() : json.string();
}

std::optional<JsonReader> find_value(const JsonReader& json, const std::string& key) {
  const auto found = json.find(key);
  return found && !found->is_null() ? found : std::nullopt;
}

bool read_flag(const JsonReader& json, const std::string& key, bool if_absent) {
  const auto found = json.find(key);
  return found ? found->boolean() : if_absent;
}

std::string read_character(const JsonReader& json) {
  std::string text = json.string();
  if (utf8_part(text, 0).length != text.size()) {
    json.fail(json.shown() + " is not one character");
  }
  return text;
}

PrependScheme read_prepend_scheme(const JsonReader& json) {
  const bool add_prefix_space = read_flag(json, "add_prefix_space", true);
  const auto scheme = json.find("prepend_scheme");
  if (!scheme) {
    return add_prefix_space ? PrependScheme::kAlways : PrependScheme::kNever;
  }
  const auto found = static_cast<PrependScheme>(scheme->one_of({"always", "first", "never"}));
  if (!add_prefix_space && found != PrependScheme::kNever) {
    scheme->fail(scheme->shown() + " contradicts \"add_prefix_space\": false");
  }
  return found;
}

}  // namespace hexgen::tokenizer
