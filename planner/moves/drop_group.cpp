#include "planner/moves/drop_group.h"

namespace hexgen {

bool drop_group(Individual& individual, const SearchSpace& /*space*/, Random& random) {
  if (individual.groups.empty()) {
    return false;
  }
  individual.groups[random.below(individual.groups.size())].clear();
  normalise(individual);
  return true;
}

}  // namespace hexgen
