#include "planner/cluster_change.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "tests/planner/search_space_builder.h"

using namespace hexgen;

namespace {

/// Nodes as given, in one region each, one link between all.
Cluster cluster_of(std::vector<Node> nodes, double latency_s) {
  const Cluster base = test::round_cluster({test::round_gpu("small", 24)}, {{0, 1}});
  const Link link = {.latency_s = latency_s, .bandwidth_bytes_per_s = 1e9};
  const std::size_t links = nodes.size() * nodes.size();
  return {"joined",
          base.gpu_types(),
          base.link_types(),
          std::move(nodes),
          std::vector<Link>(links, link)};
}

}  // namespace

TEST_CASE("a lost node is gone and the others keep devices, names and links") {
  const Cluster old = test::two_region_cluster();  // 4, 4, 2 and 3 devices
  const ClusterChange change = change_cluster(old, {"n1"});
  CHECK(change.cluster.num_nodes() == 3);
  CHECK(change.usable.num_devices() == 9);
  CHECK(change.lost == std::vector<std::string>{"n1:0", "n1:1", "n1:2", "n1:3"});
  for (int device = 0; device < old.num_devices(); ++device) {
    const int usable = change.usable_of_old[static_cast<std::size_t>(device)];
    if (old.node_of(device).name == "n1") {
      CHECK(usable == -1);
    } else {
      CHECK(change.cluster.device_name(change.device_of_usable[static_cast<std::size_t>(usable)]) ==
            old.device_name(device));
    }
  }
  CHECK(change.cluster.node_link(0, 1) == old.node_link(0, 2));
  CHECK(change.cluster.node_link(1, 2) == old.node_link(2, 3));
}

TEST_CASE("a node that lost one GPU keeps the names of the others but may not use it") {
  const Cluster old = test::two_region_cluster();
  const ClusterChange change = change_cluster(old, {"n0:1"});
  CHECK(change.cluster.num_devices() == 13);
  CHECK(change.usable.num_devices() == 12);
  CHECK(change.usable.nodes()[0].gpus == 3);
  CHECK(change.usable_of_old[1] == -1);
  CHECK(change.usable_of_old[2] == 1);
  CHECK(change.device_of_usable[1] == 2);  // usable device n0:1 is n0:2
}

TEST_CASE("a node that loses its GPUs one by one is gone") {
  const ClusterChange change = change_cluster(test::two_region_cluster(), {"n2:0", "n2:1"});
  CHECK(change.cluster.num_nodes() == 3);
}

TEST_CASE("a joined node is linked as the file says, else as its region is") {
  const Cluster old = test::two_region_cluster();  // all in region "here"; n0 - n1: 0.1 ms
  const Cluster joined = cluster_of({{.name = "x", .region = "here", .gpus = 2},
                                     {.name = "n3", .region = "here", .gpu_type = 0, .gpus = 3}},
                                    7e-3);
  const ClusterChange change = change_cluster(old, {}, &joined);
  CHECK(change.joined == std::vector<std::string>{"x"});
  REQUIRE(change.cluster.num_nodes() == 5);
  CHECK(change.usable.num_devices() == 15);
  CHECK(change.cluster.gpu_of(13).name == "small");
  CHECK(change.cluster.node_link(4, 3).latency_s == 7e-3);  // n3 stands in the file
  CHECK(change.cluster.node_link(4, 0) == old.node_link(0, 1));
}

TEST_CASE("what joins or is lost must make sense") {
  const Cluster old = test::two_region_cluster();
  CHECK_THROWS_WITH_AS(change_cluster(old, {"n7"}),
                       "--lost: 'n7' is no node of cluster two-regions, did you mean 'n0'?",
                       InputError);
  CHECK_THROWS_WITH_AS(change_cluster(old, {"n2:2"}),
                       "--lost: 'n2:2': '2' is no GPU of node n2, expected 0 to 1",
                       InputError);
  CHECK_THROWS_WITH_AS(change_cluster(old, {"n2:"}),
                       "--lost: 'n2:': '' is no GPU of node n2, expected 0 to 1",
                       InputError);
  const Cluster other = cluster_of({{.name = "n0", .region = "here", .gpus = 1}}, 1e-3);
  CHECK_THROWS_WITH_AS(change_cluster(old, {}, &other),
                       "--joined: node n0 (here) has 1x small, expected 4x big in here as in the "
                       "plan, or another name",
                       InputError);
  const Cluster far = cluster_of({{.name = "x", .region = "mars", .gpus = 1}}, 1e-3);
  CHECK_THROWS_WITH_AS(change_cluster(old, {}, &far),
                       "--joined: no link between nodes n0 (here) and x (mars): list the first "
                       "among the joined nodes to say it",
                       InputError);
}
