#include "planner/individual.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <numeric>

namespace hexgen {
namespace {

DeviceGroup::iterator find_node(DeviceGroup& group, int node) {
  return std::lower_bound(group.begin(), group.end(), node, [](const NodeShare& share, int wanted) {
    return share.node < wanted;
  });
}

}  // namespace

double leniency_factor(const Individual& individual) {
  constexpr double kStep = 1.05;
  double factor = 1;
  for (int step = 0; step < std::abs(individual.leniency); ++step) {
    factor *= kStep;
  }
  return individual.leniency < 0 ? 1 / factor : factor;
}

int num_devices(const DeviceGroup& group) {
  return std::accumulate(group.begin(), group.end(), 0, [](int sum, const NodeShare& share) {
    return sum + share.devices;
  });
}

int devices_on(const DeviceGroup& group, int node) {
  const auto at = std::find_if(
      group.begin(), group.end(), [&](const NodeShare& share) { return share.node == node; });
  return at == group.end() ? 0 : at->devices;
}

void add_devices(DeviceGroup& group, int node, int count) {
  auto at = find_node(group, node);
  if (at == group.end() || at->node != node) {
    at = group.insert(at, {.node = node, .devices = 0});
  }
  at->devices += count;
  assert(at->devices >= 0);
  if (at->devices == 0) {
    group.erase(at);
  }
}

DeviceGroup merged(const DeviceGroup& a, const DeviceGroup& b) {
  DeviceGroup both = a;
  for (const NodeShare& share : b) {
    add_devices(both, share.node, share.devices);
  }
  return both;
}

DeviceGroup idle_devices(const Individual& individual, const Cluster& cluster) {
  std::vector<int> left;
  for (const Node& node : cluster.nodes()) {
    left.push_back(node.gpus);
  }
  for (const DeviceGroup& group : individual.groups) {
    for (const NodeShare& share : group) {
      left[static_cast<std::size_t>(share.node)] -= share.devices;
    }
  }
  DeviceGroup idle;
  for (std::size_t n = 0; n < left.size(); ++n) {
    if (left[n] > 0) {
      idle.push_back({.node = static_cast<int>(n), .devices = left[n]});
    }
  }
  return idle;
}

void normalise(Individual& individual) {
  std::erase_if(individual.groups, [](const DeviceGroup& group) { return group.empty(); });
  std::sort(individual.groups.begin(), individual.groups.end());
}

bool is_partition(const Individual& individual, const Cluster& cluster) {
  std::vector<int> used(static_cast<std::size_t>(cluster.num_nodes()), 0);
  for (const DeviceGroup& group : individual.groups) {
    for (const NodeShare& share : group) {
      if (share.node < 0 || share.node >= cluster.num_nodes() || share.devices < 1) {
        return false;
      }
      used[static_cast<std::size_t>(share.node)] += share.devices;
    }
  }
  for (std::size_t n = 0; n < used.size(); ++n) {
    if (used[n] > cluster.nodes()[n].gpus) {
      return false;
    }
  }
  return true;
}

}  // namespace hexgen
