#include "profiles/builtin_files.h"

namespace hexgen {

std::optional<std::string_view> builtin_file(std::string_view name) {
  for (const BuiltinFile& file : builtin_files()) {
    if (file.name == name) {
      return file.text;
    }
  }
  return std::nullopt;
}

std::vector<std::string> builtin_names(std::string_view folder) {
  constexpr std::string_view kEnding = ".json";
  const std::string prefix = std::string(folder) + "/";
  std::vector<std::string> names;
  for (const BuiltinFile& file : builtin_files()) {
    if (file.name.substr(0, prefix.size()) == prefix) {
      const std::string_view rest = file.name.substr(prefix.size());
      names.emplace_back(rest.substr(0, rest.size() - kEnding.size()));
    }
  }
  return names;
}

}  // namespace hexgen
