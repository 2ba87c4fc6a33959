#include "profiles/json_reader.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "profiles/errors.h"
#include "profiles/names.h"

namespace hexgen {

namespace {

using nlohmann::json;

std::string shown_value(const json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > kLongest) {
    text = text.substr(0, kLongest - 3) + "...";
  }
  return text;
}

/// 8 rather than 8.0
std::string shown_bound(double bound) {
  std::string text = shown_value(json(bound));
  const std::size_t point = text.rfind(".0");
  return point + 2 == text.size() ? text.substr(0, point) : text;
}

std::string child_path(const std::string& path, const std::string& key) {
  // Keys come from the file: shown as JSON, they cannot break the line.
  const std::string quoted = json(key).dump(-1, ' ', true, json::error_handler_t::replace);
  const std::string plain = quoted.substr(1, quoted.size() - 2);
  return path.empty() ? plain : path + "." + plain;
}

std::string item_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

}  // namespace

JsonReader::JsonReader(const json& value, std::string file, std::string path)
    : value_(&value),
      file_(std::move(file)),
      path_(std::move(path)) {}

void JsonReader::fail(const std::string& problem) const {
  throw InputError(file_ + ": " + (path_.empty() ? "" : path_ + ": ") + problem);
}

std::string JsonReader::shown() const {
  return shown_value(*value_);
}

void JsonReader::expect_object() const {
  if (!value_->is_object()) {
    fail(shown() + " is not an object");
  }
}

bool JsonReader::has(const std::string& key) const {
  expect_object();
  return value_->contains(key);
}

JsonReader JsonReader::at(const std::string& key) const {
  if (!has(key)) {
    fail("key '" + key + "' is missing");
  }
  return {value_->at(key), file_, child_path(path_, key)};
}

std::optional<JsonReader> JsonReader::find(const std::string& key) const {
  return has(key) ? std::optional(at(key)) : std::nullopt;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::members() const {
  expect_object();
  std::vector<std::pair<std::string, JsonReader>> result;
  for (const auto& [key, value] : value_->items()) {
    result.emplace_back(key, JsonReader(value, file_, child_path(path_, key)));
  }
  return result;
}

void JsonReader::allow_only(const std::vector<std::string>& keys) const {
  for (const auto& [key, value] : members()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      value.fail("unknown key, " + advice(key, keys));
    }
  }
}

void JsonReader::allow_only_noted(std::vector<std::string> keys) const {
  keys.insert(keys.end(), {"assumed", "notes"});
  allow_only(keys);
  if (const auto notes = find("notes")) {
    notes->string();
  }
  if (const auto assumed = find("assumed")) {
    for (const JsonReader& key : assumed->items()) {
      if (!has(key.string())) {
        key.fail(key.shown() + " is no key of this object");
      }
    }
  }
}

void JsonReader::expect_format(const std::string& format) const {
  const JsonReader found = at("format");
  if (found.string() != format) {
    found.fail(found.shown() + " is not \"" + format + "\"");
  }
}

std::vector<JsonReader> JsonReader::items() const {
  if (!value_->is_array()) {
    fail(shown() + " is not an array");
  }
  std::vector<JsonReader> result;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    result.emplace_back((*value_)[i], file_, item_path(path_, i));
  }
  return result;
}

std::string JsonReader::string() const {
  if (!value_->is_string()) {
    fail(shown() + " is not a string");
  }
  const auto& text = value_->get_ref<const std::string&>();
  if (text.empty()) {
    fail("is an empty string");
  }
  return text;
}

bool JsonReader::boolean() const {
  if (!value_->is_boolean()) {
    fail(shown() + " is not true or false");
  }
  return value_->get<bool>();
}

double JsonReader::number(double min, double max) const {
  if (!value_->is_number()) {
    fail(shown() + " is not a number");
  }
  const auto found = value_->get<double>();
  if (found < min) {
    fail(shown() + " is less than " + shown_bound(min));
  }
  if (found > max) {
    fail(shown() + " is more than " + shown_bound(max));
  }
  return found;
}

double JsonReader::positive_number(double max) const {
  const double found = number(-std::numeric_limits<double>::max(), max);
  if (found <= 0) {
    fail(shown() + " is not more than 0");
  }
  return found;
}

std::int64_t JsonReader::integer(std::int64_t min, std::int64_t max) const {
  // Up to here a double tells whole numbers apart, so that 1e3 and 1000 can be treated alike.
  assert(-(std::int64_t{1} << 53) <= min && max <= std::int64_t{1} << 53);
  constexpr double kAny = std::numeric_limits<double>::max();
  const double found = number(-kAny, kAny);
  if (std::floor(found) != found) {
    fail(shown() + " is not a whole number");
  }
  if (found < static_cast<double>(min)) {
    fail(shown() + " is less than " + std::to_string(min));
  }
  if (found > static_cast<double>(max)) {
    fail(shown() + " is more than " + std::to_string(max));
  }
  return value_->get<std::int64_t>();
}

int JsonReader::small_integer(int min, int max) const {
  return static_cast<int>(integer(min, max));
}

std::size_t JsonReader::one_of(const std::vector<std::string>& choices) const {
  const std::string found = string();
  const auto position = std::find(choices.begin(), choices.end(), found);
  if (position == choices.end()) {
    fail(shown() + " is not known, " + advice(found, choices));
  }
  return static_cast<std::size_t>(position - choices.begin());
}

bool JsonReader::is_null() const {
  return value_->is_null();
}

bool JsonReader::is_string() const {
  return value_->is_string();
}

bool JsonReader::is_object() const {
  return value_->is_object();
}

}  // namespace hexgen
