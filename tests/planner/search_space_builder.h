#pragma once

#include "planner/search_space.h"
#include "tests/support/clusters.h"

namespace hexgen::test {

/// Four nodes of 4, 4, 2 and 3 devices: n0 and n1 near each other, n2 and n3 near each other, the
/// pairs far apart. Types: n0 and n2 "big", n1 and n3 "small".
inline Cluster two_region_cluster() {
  const Cluster base = round_cluster({round_gpu("big", 48), round_gpu("small", 24)},
                                     {{0, 4}, {1, 4}, {0, 2}, {1, 3}});
  std::vector<Link> links;
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      const bool near = a / 2 == b / 2;
      links.push_back(
          {.latency_s = near ? 1e-4 : 50e-3, .bandwidth_bytes_per_s = near ? 1.25e9 : 0.25e9});
    }
  }
  return {"two-regions", base.gpu_types(), base.link_types(), base.nodes(), links};
}

/// Every device of the cluster holds the share `model_share` of the model.
inline SearchSpace search_space(const Cluster& cluster, double model_share) {
  return {.cluster = cluster,
          .graph = ClusterGraph(cluster, 1e6),
          .model_share =
              std::vector<double>(static_cast<std::size_t>(cluster.num_nodes()), model_share),
          .kind = node_kinds(cluster, {})};
}

/// Two big devices or four small ones hold the model.
inline SearchSpace two_region_space(const Cluster& cluster) {
  return {.cluster = cluster,
          .graph = ClusterGraph(cluster, 1e6),
          .model_share = {0.5, 0.25, 0.5, 0.25},
          .kind = node_kinds(cluster, {})};
}

}  // namespace hexgen::test
