#pragma once

#include <string>

namespace CLI {
class App;
}

namespace hexgen {

/// Measurements of another tool, to be turned into a profile of ours.
struct ImportOptions {
  std::string from;  // KIND:PATH; empty: measure this machine
  std::string gpu_type;
  std::string model;
  int tp_degree = 1;
};

void add_import_options(CLI::App& app, ImportOptions& options);

/// Text of the profile file. Throws InputError.
std::string import_profile(const ImportOptions& options);

}  // namespace hexgen
