#include "planner/cluster_graph.h"

#include <doctest/doctest.h>

#include "tests/planner/search_space_builder.h"

using namespace hexgen;

TEST_CASE("the distance of two nodes is the mean transfer time both ways") {
  const Cluster base = test::round_cluster({test::round_gpu("g", 24)}, {{0, 1}, {0, 1}});
  const Link slow = {.latency_s = 3e-3, .bandwidth_bytes_per_s = 1e9};
  const Link fast = {.latency_s = 1e-3, .bandwidth_bytes_per_s = 1e9};
  const Cluster cluster(
      "pair", base.gpu_types(), base.link_types(), base.nodes(), {{}, slow, fast, {}});
  // Expectation: 1 MB at 1 GB/s = 1 ms; (3 + 1 + 1 + 1) / 2 = 3 ms.
  CHECK(ClusterGraph(cluster, 1e6).distance_s(0, 1) == doctest::Approx(3e-3));
  CHECK(ClusterGraph(cluster, 1e6).distance_s(0, 0) == 0);
}

TEST_CASE("clusters merge from single nodes over regions to the whole cluster") {
  const Cluster cluster = test::two_region_cluster();
  const ClusterGraph graph(cluster, 1e6);
  REQUIRE(graph.merge_distances_s().size() == 2);
  CHECK(graph.clusters(0) == std::vector<int>{0, 1, 2, 3});
  CHECK(graph.clusters(graph.merge_distances_s()[0]) == std::vector<int>{0, 0, 1, 1});
  CHECK(graph.clusters(graph.merge_distances_s()[1]) == std::vector<int>{0, 0, 0, 0});
}
