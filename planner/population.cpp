#include "planner/population.h"

#include <algorithm>
#include <optional>

#include "planner/grow_group.h"
#include "planner/repair.h"

namespace hexgen {

Individual network_aware_individual(const SearchSpace& space, Random& random) {
  std::vector<double> limits_s = space.graph.merge_distances_s();
  limits_s.insert(limits_s.begin(), 0.0);
  const std::vector<int> cluster_of = space.graph.clusters(random.pick(limits_s));
  const int clusters = *std::max_element(cluster_of.begin(), cluster_of.end()) + 1;
  Individual individual;
  for (int c = 0; c < clusters; ++c) {
    DeviceGroup pool;
    for (std::size_t n = 0; n < cluster_of.size(); ++n) {
      if (cluster_of[n] == c) {
        pool.push_back({.node = static_cast<int>(n), .devices = space.cluster.nodes()[n].gpus});
      }
    }
    while (std::optional<DeviceGroup> group = grow_group(pool, space, random)) {
      individual.groups.push_back(std::move(*group));
    }
  }
  repair(individual, space, random);
  return individual;
}

}  // namespace hexgen
