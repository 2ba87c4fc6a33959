#include "runner/weights/safetensors_index.h"

#include "profiles/json_reader.h"

namespace hexgen {
namespace {

std::string read_file_name(const JsonReader& value) {
  std::string name = value.string();
  if (name.find('/') != std::string::npos || name.find('\\') != std::string::npos || name == ".." ||
      name.find('\0') != std::string::npos) {
    value.fail(value.shown() + " is not the name of a file in the same folder");
  }
  return name;
}

}  // namespace

std::map<std::string, std::string> parse_safetensors_index(std::string_view text,
                                                           const std::string& label) {
  const JsonDocument document = JsonDocument::parse(text, label);
  std::map<std::string, std::string> files;
  for (const auto& [name, value] : document.root().at("weight_map").members()) {
    files[name] = read_file_name(value);
  }
  return files;
}

}  // namespace hexgen
