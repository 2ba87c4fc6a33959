#include "planner/repair.h"

#include <doctest/doctest.h>

#include "planner/population.h"
#include "tests/planner/search_space_builder.h"

using namespace hexgen;

TEST_CASE("after repair every group may hold the model and no node is overdrawn") {
  const Cluster cluster = test::two_region_cluster();
  const SearchSpace space = test::two_region_space(cluster);
  for (std::uint64_t index = 0; index < 300; ++index) {
    Random random(3, 0, index);
    Individual individual = {.groups = {{{.node = 0, .devices = 1}},  // too small
                                        {{.node = 1, .devices = 4}},
                                        {{.node = 2, .devices = random.between(1, 2)}}}};
    repair(individual, space, random);
    CHECK(is_partition(individual, cluster));
    CHECK_FALSE(individual.groups.empty());
    for (const DeviceGroup& group : individual.groups) {
      CHECK(space.may_hold_model(group));
    }
  }
}

TEST_CASE("where groups must have one GPU type, repair leaves none that mixes types") {
  const Cluster cluster = test::two_region_cluster();
  SearchSpace space = test::two_region_space(cluster);
  space.kind = node_kinds(cluster, {.single_type = true});
  for (std::uint64_t index = 0; index < 300; ++index) {
    Random random(4, 0, index);
    Individual individual = {.groups = {{{.node = 0, .devices = 4}, {.node = 1, .devices = 4}},
                                        {{.node = 2, .devices = 2}, {.node = 3, .devices = 3}}}};
    repair(individual, space, random);
    CHECK_FALSE(individual.groups.empty());
    for (const DeviceGroup& group : individual.groups) {
      for (const NodeShare& share : group) {
        CHECK(cluster.nodes()[static_cast<std::size_t>(share.node)].gpu_type ==
              cluster.nodes()[static_cast<std::size_t>(group.front().node)].gpu_type);
      }
    }
  }
}

TEST_CASE("nodes are of one kind when GPU type and region agree, as far as the rule asks") {
  Cluster base = test::two_region_cluster();  // types 0, 1, 0, 1
  std::vector<Node> nodes = base.nodes();
  nodes[2].region = "there";
  nodes[3].region = "there";
  std::vector<Link> links(16, base.node_link(0, 1));
  const Cluster cluster("two", base.gpu_types(), base.link_types(), nodes, links);
  CHECK(node_kinds(cluster, {}) == std::vector<int>{0, 0, 0, 0});
  CHECK(node_kinds(cluster, {.single_type = true}) == std::vector<int>{0, 1, 0, 1});
  CHECK(node_kinds(cluster, {.single_region = true}) == std::vector<int>{0, 0, 1, 1});
  CHECK(node_kinds(cluster, {.single_type = true, .single_region = true}) ==
        std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("the first population follows the network: most groups stay in one region") {
  const Cluster cluster = test::two_region_cluster();
  const SearchSpace space = test::two_region_space(cluster);
  int groups = 0;
  int in_one_region = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    Random random(5, 0, index);
    const Individual individual = network_aware_individual(space, random);
    CHECK(is_partition(individual, cluster));
    CHECK_FALSE(individual.groups.empty());
    for (const DeviceGroup& group : individual.groups) {
      ++groups;
      in_one_region += group.front().node / 2 == group.back().node / 2 ? 1 : 0;
    }
  }
  CHECK(groups > 150);
  CHECK(in_one_region * 10 > groups * 8);
}
