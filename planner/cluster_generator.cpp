#include "planner/cluster_generator.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "planner/seed.h"
#include "profiles/catalogue.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

constexpr double kLeastMemoryBytes = 16 * kGiga;

std::vector<CatalogueGpu> draw_types(int count, Random& random) {
  std::vector<CatalogueGpu> types = Catalogue::builtin().gpus();
  std::erase_if(types,
                [](const CatalogueGpu& gpu) { return gpu.type.memory_bytes < kLeastMemoryBytes; });
  if (count > static_cast<int>(types.size())) {
    throw InputError("--types: " + std::to_string(count) + " is more than the " +
                     std::to_string(types.size()) + " suitable types of the catalogue");
  }
  random.shuffle(types);
  types.resize(static_cast<std::size_t>(count));
  return types;
}

/// Cents per device and hour: 1 for each GB of memory and for each 20 GB/s.
double price_per_hour(const GpuType& type) {
  const double cents = type.memory_bytes / kGiga + type.memory_bandwidth_bytes_per_s / (20 * kGiga);
  return static_cast<double>(static_cast<int>(cents)) / 100;
}

ordered_json make_node(int index, int gpus, const CatalogueGpu& gpu, int region) {
  return {{"name", "n" + std::to_string(index)},
          {"region", "region-" + std::to_string(region)},
          {"gpu_type", gpu.type.name},
          {"gpus", gpus},
          {"intra_link", gpu.usual_link},
          {"price_per_hour", gpus * price_per_hour(gpu.type)}};
}

ordered_json make_nodes(const ClusterRecipe& recipe, Random& random) {
  const std::vector<CatalogueGpu> types = draw_types(recipe.types, random);
  const std::vector<int> sizes = {8, 8, 8, 8, 4, 4, 4, 2, 2, 1};
  ordered_json nodes = ordered_json::array();
  for (int left = recipe.gpus; left > 0;) {
    const int gpus = std::min(left, random.pick(sizes));
    const int index = static_cast<int>(nodes.size());
    // The first nodes show every type once.
    const auto type = static_cast<std::size_t>(
        index < recipe.types ? index : random.between(0, recipe.types - 1));
    nodes.push_back(make_node(index, gpus, types[type], random.between(0, recipe.regions - 1)));
    left -= gpus;
  }
  return nodes;
}

ordered_json make_links(const ordered_json& nodes, Random& random) {
  std::set<std::string> regions;
  for (const ordered_json& node : nodes) {
    regions.insert(node["region"]);
  }
  ordered_json between = ordered_json::array();
  for (auto a = regions.begin(); a != regions.end(); ++a) {
    for (auto b = std::next(a); b != regions.end(); ++b) {
      between.push_back({{"between", {*a, *b}},
                         {"latency_ms", random.between(5, 80)},
                         {"bandwidth_gb_per_s", random.between(10, 125) / 100.0}});
    }
  }
  return {{"same_region", {{"latency_ms", 0.5}, {"bandwidth_gb_per_s", 1.2}}},
          {"regions", std::move(between)}};
}

}  // namespace

std::string generate_cluster(const ClusterRecipe& recipe) {
  Random random(recipe.seed, 0, 0);
  const ordered_json nodes = make_nodes(recipe, random);
  const std::string name = std::to_string(recipe.gpus) + "-gpus-" + std::to_string(recipe.types) +
                           "-types-" + std::to_string(recipe.regions) + "-regions-seed-" +
                           std::to_string(recipe.seed);
  const ordered_json cluster = {
      {"format", "hexgen.cluster/1"},
      {"name", name},
      {"notes", "Made up by hexgen-plan cluster; types are those of the catalogue."},
      {"nodes", nodes},
      {"links", make_links(nodes, random)}};
  return cluster.dump(1) + "\n";
}

void add_cluster_options(CLI::App& app, ClusterOptions& options) {
  ClusterRecipe& recipe = options.recipe;
  app.add_option("--gpus", recipe.gpus, "Devices in all")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--types", recipe.types, "GPU types")
      ->check(CLI::Range(1, 1 << 10))
      ->capture_default_str();
  app.add_option("--regions", recipe.regions, "Regions at most")
      ->check(CLI::Range(1, 1 << 10))
      ->capture_default_str();
  app.add_option("--seed", recipe.seed, "Another seed, another cluster")->capture_default_str();
  app.add_option("--out", options.out, "Cluster file to write (default: stdout)");
}

void run_cluster(const ClusterOptions& options) {
  const std::string text = generate_cluster(options.recipe);
  if (options.out.empty()) {
    std::cout << text;
  } else {
    write_file(options.out, text);
  }
}

}  // namespace hexgen
