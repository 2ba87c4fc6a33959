#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hexgen {

/// A file of profiles/ that is compiled in; `name` is its path there: "models/llama-2-70b.json".
struct BuiltinFile {
  std::string_view name;
  std::string_view text;
};

/// All of them, sorted by name.
const std::vector<BuiltinFile>& builtin_files();

/// Text of one file; nothing when there is none of that name.
std::optional<std::string_view> builtin_file(std::string_view name);

/// Names in a folder without path and ending: builtin_names("models") = {"llama-2-13b", ...}.
std::vector<std::string> builtin_names(std::string_view folder);

}  // namespace hexgen
