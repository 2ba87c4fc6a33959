#include "planner/moves/swap_gpus.h"

namespace hexgen {

bool swap_gpus(Individual& individual, const SearchSpace& /*space*/, Random& random) {
  const std::size_t groups = individual.groups.size();
  if (groups < 2) {
    return false;
  }
  const std::size_t first = random.below(groups);
  const std::size_t second = (first + 1 + random.below(groups - 1)) % groups;
  const NodeShare given = random.pick(individual.groups[first]);
  const NodeShare taken = random.pick(individual.groups[second]);
  if (given.node == taken.node) {
    return false;
  }
  const int devices_given = random.between(1, given.devices);
  const int devices_taken = random.between(1, taken.devices);
  add_devices(individual.groups[first], given.node, -devices_given);
  add_devices(individual.groups[second], given.node, devices_given);
  add_devices(individual.groups[second], taken.node, -devices_taken);
  add_devices(individual.groups[first], taken.node, devices_taken);
  normalise(individual);
  return true;
}

}  // namespace hexgen
