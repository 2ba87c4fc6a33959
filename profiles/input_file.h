#pragma once

#include <string>

namespace hexgen {

/// Text of an input and where it came from. `name` and `text` go into a plan's provenance.
struct InputFile {
  std::string role;  // "model", "cluster", "workload" or "price_list"
  std::string
      name;  // "hexgen-full": the catalogue's name, or the file's or folder's without ending
  std::string label;  // what errors call it: the path as given, or "clusters/hexgen-full.json"
  std::string text;
};

/// A Hugging Face model folder, a config.json, or a name from profiles/models/. These throw
/// InputError, with the nearest known name, when there is neither such a file nor such an entry.
InputFile load_model_file(const std::string& path_or_name);

/// A file, or a name from profiles/clusters/.
InputFile load_cluster_file(const std::string& path_or_name);

/// A file, or a name from profiles/price_lists/.
InputFile load_price_list_file(const std::string& path_or_name);

/// A file, or a name from profiles/workloads/.
InputFile load_workload_file(const std::string& path_or_name);

}  // namespace hexgen
