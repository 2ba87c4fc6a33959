#include "planner/moves/split_group.h"

namespace hexgen {

bool split_group(Individual& individual, const SearchSpace& /*space*/, Random& random) {
  std::vector<std::size_t> divisible;
  for (std::size_t g = 0; g < individual.groups.size(); ++g) {
    if (num_devices(individual.groups[g]) > 1) {
      divisible.push_back(g);
    }
  }
  if (divisible.empty()) {
    return false;
  }
  DeviceGroup& group = individual.groups[random.pick(divisible)];
  const bool by_nodes = group.size() > 1 && random.chance(0.5);
  DeviceGroup other;
  for (const NodeShare& share : DeviceGroup(group)) {
    const int part =
        by_nodes ? share.devices * random.between(0, 1) : random.between(0, share.devices);
    if (part > 0) {
      add_devices(group, share.node, -part);
      add_devices(other, share.node, part);
    }
  }
  individual.groups.push_back(std::move(other));
  normalise(individual);
  return true;
}

}  // namespace hexgen
