#include "planner/search_space.h"

namespace hexgen {

double SearchSpace::share_of(const DeviceGroup& group) const {
  double share = 0;
  for (const NodeShare& part : group) {
    share += part.devices * model_share[static_cast<std::size_t>(part.node)];
  }
  return share;
}

bool SearchSpace::may_hold_model(const DeviceGroup& group) const {
  constexpr double kRounding = 1e-9;
  return share_of(group) >= 1 - kRounding;
}

}  // namespace hexgen
