#include "profiles/input_file.h"

#include <algorithm>
#include <filesystem>

#include "profiles/builtin_files.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/names.h"

namespace hexgen {

namespace {

namespace fs = std::filesystem;

/// "price list" for "price_list".
std::string spoken(std::string role) {
  std::replace(role.begin(), role.end(), '_', ' ');
  return role;
}

InputFile load_builtin(const std::string& role, const std::string& name) {
  const std::string folder = role + "s";
  const std::string path = folder + "/" + name + ".json";
  if (const auto text = builtin_file(path)) {
    return {role, name, path, std::string(*text)};
  }
  throw InputError("'" + name + "' is neither a file nor a built-in " + spoken(role) + ", " +
                   advice(name, builtin_names(folder)));
}

/// The name a person would use: that of the model's folder, or of the file without its ending.
std::string given_name(const fs::path& path) {
  if (path.filename() == "config.json") {
    return fs::absolute(path).lexically_normal().parent_path().filename().string();
  }
  return path.stem().string();
}

InputFile load(const std::string& role, const std::string& path_or_name) {
  std::error_code too_long_or_forbidden;
  if (!fs::exists(path_or_name, too_long_or_forbidden)) {
    return load_builtin(role, path_or_name);
  }
  return {role, given_name(path_or_name), path_or_name, read_file(path_or_name)};
}

}  // namespace

InputFile load_model_file(const std::string& path_or_name) {
  std::error_code no_such_folder;
  if (fs::is_directory(path_or_name, no_such_folder)) {
    return load("model", (fs::path(path_or_name) / "config.json").string());
  }
  return load("model", path_or_name);
}

InputFile load_cluster_file(const std::string& path_or_name) {
  return load("cluster", path_or_name);
}

InputFile load_price_list_file(const std::string& path_or_name) {
  return load("price_list", path_or_name);
}

InputFile load_workload_file(const std::string& path_or_name) {
  return load("workload", path_or_name);
}

}  // namespace hexgen
