#include "planner/cluster_generator.h"

#include <doctest/doctest.h>

#include <set>

#include "profiles/cluster_json.h"
#include "profiles/errors.h"

using namespace hexgen;

namespace {

Cluster generated(const ClusterRecipe& recipe) {
  return parse_cluster(
      {.role = "cluster", .name = "made-up", .label = "made-up", .text = generate_cluster(recipe)});
}

}  // namespace

TEST_CASE("a made-up cluster reads back with the devices, types and regions asked for") {
  for (const int gpus : {1, 7, 64, 300}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const Cluster cluster = generated({.gpus = gpus, .types = 5, .regions = 9, .seed = seed});
      CHECK(cluster.num_devices() == gpus);
      std::set<int> types;
      std::set<std::string> regions;
      for (const Node& node : cluster.nodes()) {
        types.insert(node.gpu_type);
        regions.insert(node.region);
        CHECK(node.price_per_hour > 0);
      }
      CHECK(static_cast<int>(types.size()) <= 5);
      CHECK(static_cast<int>(regions.size()) <= 9);
      if (gpus == 300) {
        CHECK(types.size() == 5);
      }
    }
  }
}

TEST_CASE("the same seed makes the same cluster, another seed another one") {
  CHECK(generate_cluster({.seed = 3}) == generate_cluster({.seed = 3}));
  CHECK(generate_cluster({.seed = 3}) != generate_cluster({.seed = 4}));
}

TEST_CASE("more types than the catalogue has are refused") {
  CHECK_THROWS_AS(generate_cluster({.types = 1000}), InputError);
}
