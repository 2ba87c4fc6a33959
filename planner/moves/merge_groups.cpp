#include "planner/moves/merge_groups.h"

namespace hexgen {

bool merge_groups(Individual& individual, const SearchSpace& space, Random& random) {
  const std::size_t groups = individual.groups.size();
  if (groups < 2) {
    return false;
  }
  const std::size_t first = random.below(groups);
  const auto draw = [&] { return (first + 1 + random.below(groups - 1)) % groups; };
  const auto distance_s = [&](std::size_t g) {
    return space.graph.distance_s(individual.groups[first].front().node,
                                  individual.groups[g].front().node);
  };
  std::size_t second = draw();
  for (int candidate = 1; candidate < 3; ++candidate) {
    const std::size_t other = draw();
    second = distance_s(other) < distance_s(second) ? other : second;
  }
  individual.groups[first] = merged(individual.groups[first], individual.groups[second]);
  individual.groups[second].clear();
  normalise(individual);
  return true;
}

}  // namespace hexgen
