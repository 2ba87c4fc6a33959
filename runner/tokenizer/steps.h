#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "profiles/json_reader.h"

namespace hexgen::tokenizer {

/// Type name -> function that reads {"type": NAME, ...} into a step.
template <class Step>
using StepReaders = std::map<std::string, Step (*)(const JsonReader&)>;

/// Refuses a type that is not among the supported ones.
[[noreturn]] void refuse_type(const JsonReader& type, const std::vector<std::string>& supported);

/// Appends the steps of a component of tokenizer.json, which is one step or a "Sequence" of
/// components under `list_key`; null has none.
template <class Step>
void read_steps(const JsonReader& json,
                const std::string& list_key,
                const StepReaders<Step>& readers,
                std::vector<Step>& steps) {
  if (json.is_null()) {
    return;
  }
  const JsonReader type = json.at("type");
  if (type.string() == "Sequence") {
    json.allow_only({"type", list_key});
    for (const JsonReader& item : json.at(list_key).items()) {
      read_steps(item, list_key, readers, steps);
    }
    return;
  }
  const auto reader = readers.find(type.string());
  if (reader == readers.end()) {
    std::vector<std::string> supported = {"Sequence"};
    for (const auto& [name, function] : readers) {
      supported.push_back(name);
    }
    refuse_type(type, supported);
  }
  steps.push_back(reader->second(json));
}

/// A string that may be empty.
std::string read_text(const JsonReader& json);

/// A member that may be absent or null.
std::optional<JsonReader> find_value(const JsonReader& json, const std::string& key);

bool read_flag(const JsonReader& json, const std::string& key, bool if_absent);

/// One character.
std::string read_character(const JsonReader& json);

/// When Metaspace puts its mark before a text.
enum class PrependScheme { kAlways, kFirst, kNever };

/// "prepend_scheme" of today's Metaspace, or "add_prefix_space" of older files.
PrependScheme read_prepend_scheme(const JsonReader& json);

}  // namespace hexgen::tokenizer
