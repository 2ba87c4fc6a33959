#include "planner/node_symmetry.h"

#include <algorithm>

namespace hexgen {

bool exchangeable(const Cluster& cluster, int a, int b, const DeviceGroup& group) {
  const Node& first = cluster.nodes()[static_cast<std::size_t>(a)];
  const Node& second = cluster.nodes()[static_cast<std::size_t>(b)];
  if (first.gpu_type != second.gpu_type || first.intra_link != second.intra_link ||
      cluster.node_link(a, b) != cluster.node_link(b, a)) {
    return false;
  }
  return std::all_of(group.begin(), group.end(), [&](const NodeShare& share) {
    const int node = share.node;
    return node == a || node == b ||
           (cluster.node_link(a, node) == cluster.node_link(b, node) &&
            cluster.node_link(node, a) == cluster.node_link(node, b));
  });
}

}  // namespace hexgen
