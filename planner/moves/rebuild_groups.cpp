#include "planner/moves/rebuild_groups.h"

#include <algorithm>
#include <optional>

#include "planner/grow_group.h"

namespace hexgen {

bool rebuild_groups(Individual& individual, const SearchSpace& space, Random& random) {
  if (individual.groups.empty()) {
    return false;
  }
  const int start = random.pick(individual.groups).front().node;
  random.shuffle(individual.groups);
  std::stable_sort(individual.groups.begin(),
                   individual.groups.end(),
                   [&](const DeviceGroup& a, const DeviceGroup& b) {
                     return space.graph.distance_s(a.front().node, start) >
                            space.graph.distance_s(b.front().node, start);
                   });
  const std::size_t dissolved =
      std::min(individual.groups.size(), static_cast<std::size_t>(random.between(1, 3)));
  individual.groups.resize(individual.groups.size() - dissolved);
  DeviceGroup pool = idle_devices(individual, space.cluster);
  while (std::optional<DeviceGroup> group = grow_group(pool, space, random)) {
    individual.groups.push_back(std::move(*group));
  }
  normalise(individual);
  return true;
}

}  // namespace hexgen
