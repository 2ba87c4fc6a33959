#include "planner/moves/change_leniency.h"

#include <algorithm>

namespace hexgen {

bool change_leniency(Individual& individual, const SearchSpace& /*space*/, Random& random) {
  const int step = random.between(1, 3);
  const int changed = individual.leniency + (random.chance(0.5) ? step : -step);
  individual.leniency = std::clamp(changed, -kMaxLeniency, kMaxLeniency);
  return true;
}

}  // namespace hexgen
