#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace hexgen {

/// Outputs of other tools, to be turned into a file of ours: measurements of layers into a layer
/// profile, what is known of machines into a cluster.
struct ImportOptions {
  std::vector<std::string> from;  // KIND:PATH; empty: measure this machine
  std::string gpu_type;
  std::string model;
  int tp_degree = 1;
};

void add_import_options(CLI::App& app, ImportOptions& options);

/// Text of the file. Throws InputError.
std::string import_profile(const ImportOptions& options);

}  // namespace hexgen
