#include "planner/repair.h"

#include <algorithm>
#include <map>
#include <optional>

#include "planner/grow_group.h"

namespace hexgen {
namespace {

void divide_by_kind(Individual& individual, const SearchSpace& space) {
  std::vector<DeviceGroup> divided;
  for (const DeviceGroup& group : individual.groups) {
    std::map<int, DeviceGroup> of_kind;
    for (const NodeShare& share : group) {
      of_kind[space.kind_of(share.node)].push_back(share);
    }
    for (auto& [kind, part] : of_kind) {
      divided.push_back(std::move(part));
    }
  }
  individual.groups = std::move(divided);
}

double distance_s(const DeviceGroup& group, int node, const SearchSpace& space) {
  double nearest_s = space.graph.distance_s(group.front().node, node);
  for (const NodeShare& share : group) {
    nearest_s = std::min(nearest_s, space.graph.distance_s(share.node, node));
  }
  return nearest_s;
}

/// A group nearest to the node, drawn among equals; null when none may take it.
DeviceGroup* nearest_group(Individual& individual,
                           int node,
                           const SearchSpace& space,
                           Random& random) {
  std::vector<DeviceGroup*> nearest;
  double nearest_s = 0;
  for (DeviceGroup& group : individual.groups) {
    if (space.kind_of(group.front().node) != space.kind_of(node)) {
      continue;
    }
    const double away_s = distance_s(group, node, space);
    if (nearest.empty() || away_s < nearest_s) {
      nearest.clear();
      nearest_s = away_s;
    }
    if (away_s == nearest_s) {
      nearest.push_back(&group);
    }
  }
  return nearest.empty() ? nullptr : random.pick(nearest);
}

}  // namespace

void repair(Individual& individual, const SearchSpace& space, Random& random) {
  divide_by_kind(individual, space);
  std::erase_if(individual.groups,
                [&](const DeviceGroup& group) { return !space.may_hold_model(group); });
  DeviceGroup idle = idle_devices(individual, space.cluster);
  const double use_idle = space.may_leave_idle ? 0.3 : 0.9;
  while (space.may_hold_model(idle) && random.chance(use_idle)) {
    std::optional<DeviceGroup> group = grow_group(idle, space, random);
    if (!group) {
      break;
    }
    individual.groups.push_back(std::move(*group));
  }
  for (const NodeShare& share : idle) {
    if (random.chance(use_idle)) {
      if (DeviceGroup* group = nearest_group(individual, share.node, space, random)) {
        add_devices(*group, share.node, share.devices);
      }
    }
  }
  normalise(individual);
}

}  // namespace hexgen
