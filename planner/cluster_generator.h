#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace hexgen {

/// A made-up cluster, for measuring how the search scales.
struct ClusterRecipe {
  int gpus = 64;    // in all
  int types = 4;    // GPU types
  int regions = 4;  // at most; small clusters may leave some empty
  std::uint64_t seed = 1;
};

/// The text of a cluster file: nodes of 8, 4, 2 or 1 devices of catalogue types with 16 GB or more
/// and their usual inner links, at random in the regions; 0.5 ms and 1.2 GB/s inside a region, 5 to
/// 80 ms and 0.1 to 1.25 GB/s between two; a price for each type that grows with its memory and
/// bandwidth. A function of the recipe. Throws InputError for a recipe that cannot be met.
std::string generate_cluster(const ClusterRecipe& recipe);

struct ClusterOptions {
  ClusterRecipe recipe;
  std::string out;  // empty: stdout
};

/// `hexgen-plan cluster`.
void add_cluster_options(CLI::App& app, ClusterOptions& options);
void run_cluster(const ClusterOptions& options);

}  // namespace hexgen
