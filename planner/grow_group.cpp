#include "planner/grow_group.h"

#include <algorithm>
#include <cmath>

namespace hexgen {
namespace {

/// Nodes of the pool from the nearest to `start` on, equally near ones in random order.
std::vector<int> nodes_from(int start,
                            const DeviceGroup& pool,
                            const SearchSpace& space,
                            Random& random) {
  std::vector<int> nodes;
  for (const NodeShare& share : pool) {
    if (space.kind_of(share.node) == space.kind_of(start)) {
      nodes.push_back(share.node);
    }
  }
  random.shuffle(nodes);
  std::stable_sort(nodes.begin(), nodes.end(), [&](int a, int b) {
    return space.graph.distance_s(start, a) < space.graph.distance_s(start, b);
  });
  std::stable_partition(nodes.begin(), nodes.end(), [&](int node) { return node == start; });
  return nodes;
}

}  // namespace

std::optional<DeviceGroup> grow_group(DeviceGroup& pool, const SearchSpace& space, Random& random) {
  if (pool.empty()) {
    return std::nullopt;
  }
  const double wanted = random.chance(0.6) ? 1.0 : 1.0 + 0.1 * random.between(1, 12);
  const bool whole_nodes = random.chance(0.3);
  DeviceGroup group;
  for (const int node : nodes_from(random.pick(pool).node, pool, space, random)) {
    const double missing = wanted - space.share_of(group);
    if (missing <= 0) {
      break;
    }
    constexpr double kRounding = 1e-9;
    const double share = space.model_share[static_cast<std::size_t>(node)];
    const int here = devices_on(pool, node);
    const double needed = share > 0 ? std::ceil(missing / share - kRounding) : 0;
    const int taken =
        whole_nodes ? here : static_cast<int>(std::min(needed, static_cast<double>(here)));
    if (taken > 0) {
      add_devices(group, node, taken);
    }
  }
  if (!space.may_hold_model(group)) {
    return std::nullopt;
  }
  for (const NodeShare& share : group) {
    add_devices(pool, share.node, -share.devices);
  }
  return group;
}

}  // namespace hexgen
