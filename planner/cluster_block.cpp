#include "planner/cluster_block.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace hexgen {
namespace {

std::size_t at(int index) {
  return static_cast<std::size_t>(index);
}

/// Devices of each node that are not in a group which reaches outside the block.
std::vector<int> movable_devices(const Individual& individual,
                                 const std::vector<int>& nodes,
                                 const std::vector<bool>& inside,
                                 const Cluster& cluster) {
  std::vector<int> devices(inside.size(), 0);
  for (const int node : nodes) {
    devices[at(node)] = cluster.nodes()[at(node)].gpus;
  }
  for (const DeviceGroup& group : individual.groups) {
    const bool reaches_out = std::any_of(group.begin(), group.end(), [&](const NodeShare& share) {
      return !inside[at(share.node)];
    });
    for (const NodeShare& share : group) {
      if (reaches_out && inside[at(share.node)]) {
        devices[at(share.node)] -= share.devices;
      }
    }
  }
  return devices;
}

Cluster cluster_of(const Cluster& whole,
                   const std::vector<int>& nodes,
                   const std::vector<int>& devices) {
  std::vector<Node> kept;
  std::vector<Link> links;
  for (const int from : nodes) {
    kept.push_back(whole.nodes()[at(from)]);
    kept.back().gpus = devices[at(from)];
    for (const int to : nodes) {
      links.push_back(whole.node_link(from, to));
    }
  }
  return {whole.name(), whole.gpu_types(), whole.link_types(), std::move(kept), std::move(links)};
}

}  // namespace

std::vector<std::vector<int>> divide_nodes(const SearchSpace& space, int devices, Random& random) {
  std::vector<int> left(at(space.cluster.num_nodes()));
  std::iota(left.begin(), left.end(), 0);
  std::vector<std::vector<int>> blocks;
  while (!left.empty()) {
    random.shuffle(left);
    const int first = left.front();
    std::stable_sort(left.begin() + 1, left.end(), [&](int a, int b) {
      return space.graph.distance_s(first, a) < space.graph.distance_s(first, b);
    });
    std::vector<int>& block = blocks.emplace_back();
    int taken = 0;
    while (taken < devices && block.size() < left.size()) {
      block.push_back(left[block.size()]);
      taken += space.cluster.nodes()[at(block.back())].gpus;
    }
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(block.size()));
    std::sort(block.begin(), block.end());
  }
  return blocks;
}

ClusterBlock::ClusterBlock(const SearchSpace& whole,
                           const Individual& individual,
                           const std::vector<int>& nodes)
    : position_(at(whole.cluster.num_nodes()), -1),
      space_({.cluster = cluster_,
              .graph = {},
              .model_share = {},
              .kind = {},
              .may_leave_idle = true}) {
  std::vector<bool> inside(position_.size(), false);
  for (const int node : nodes) {
    inside[at(node)] = true;
  }
  const std::vector<int> devices = movable_devices(individual, nodes, inside, whole.cluster);
  for (const int node : nodes) {
    if (devices[at(node)] > 0) {
      position_[at(node)] = static_cast<int>(nodes_.size());
      nodes_.push_back(node);
      space_.model_share.push_back(whole.model_share[at(node)]);
      space_.kind.push_back(whole.kind[at(node)]);
    }
  }
  cluster_ = cluster_of(whole.cluster, nodes_, devices);
  space_.graph = whole.graph.part(nodes_);
  for (const DeviceGroup& group : individual.groups) {
    const bool lies_inside = std::all_of(
        group.begin(), group.end(), [&](const NodeShare& share) { return inside[at(share.node)]; });
    if (lies_inside) {
      groups_.groups.push_back(in_block(group));
    }
  }
  normalise(groups_);
}

DeviceGroup ClusterBlock::in_whole(DeviceGroup group) const {
  for (NodeShare& share : group) {
    share.node = nodes_[at(share.node)];
  }
  return group;
}

DeviceGroup ClusterBlock::in_block(DeviceGroup group) const {
  for (NodeShare& share : group) {
    share.node = position_[at(share.node)];
    assert(share.node >= 0);
  }
  return group;
}

}  // namespace hexgen
