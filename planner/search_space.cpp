#include "planner/search_space.h"

#include <map>
#include <string>
#include <utility>

namespace hexgen {

std::vector<int> node_kinds(const Cluster& cluster, const GroupRule& rule) {
  std::map<std::pair<int, std::string>, int> numbers;
  std::vector<int> kinds;
  for (const Node& node : cluster.nodes()) {
    const std::pair<int, std::string> kind = {rule.single_type ? node.gpu_type : 0,
                                              rule.single_region ? node.region : ""};
    kinds.push_back(numbers.try_emplace(kind, static_cast<int>(numbers.size())).first->second);
  }
  return kinds;
}

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
