#include "planner/moves/crossover.h"

#include <algorithm>

namespace hexgen {

Individual crossover(const Individual& first,
                     const Individual& second,
                     const SearchSpace& space,
                     Random& random) {
  Individual child = {.leniency = first.leniency};
  for (const DeviceGroup& group : first.groups) {
    if (random.chance(0.5)) {
      child.groups.push_back(group);
    }
  }
  DeviceGroup idle = idle_devices(child, space.cluster);
  std::vector<DeviceGroup> candidates = second.groups;
  random.shuffle(candidates);
  for (const DeviceGroup& group : candidates) {
    const bool free = std::all_of(group.begin(), group.end(), [&](const NodeShare& share) {
      return devices_on(idle, share.node) >= share.devices;
    });
    if (free) {
      for (const NodeShare& share : group) {
        add_devices(idle, share.node, -share.devices);
      }
      child.groups.push_back(group);
    }
  }
  normalise(child);
  return child;
}

}  // namespace hexgen
