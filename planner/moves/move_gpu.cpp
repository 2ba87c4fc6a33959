#include "planner/moves/move_gpu.h"

namespace hexgen {

bool move_gpu(Individual& individual, const SearchSpace& space, Random& random) {
  const std::size_t groups = individual.groups.size();
  DeviceGroup idle = idle_devices(individual, space.cluster);
  const std::size_t from = random.below(groups + 1);  // the last one stands for the idle devices
  const std::size_t to = random.below(groups + 1);
  DeviceGroup& giver = from == groups ? idle : individual.groups[from];
  if (from == to || giver.empty()) {
    return false;
  }
  const NodeShare share = random.pick(giver);
  const int moved = random.chance(0.3) ? share.devices : random.between(1, share.devices);
  add_devices(giver, share.node, -moved);
  if (to != groups) {
    add_devices(individual.groups[to], share.node, moved);
  }
  normalise(individual);
  return true;
}

}  // namespace hexgen
