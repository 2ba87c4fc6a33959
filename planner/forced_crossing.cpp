#include "planner/forced_crossing.h"

#include <algorithm>
#include <limits>
#include <map>

namespace hexgen {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// The best links between a cluster of nodes and those outside that its nodes may share a group
/// with.
struct Border {
  double share = 0;  // of the model that the cluster's devices can hold
  double leave_s = kNever;
  double enter_s = kNever;
  double s_per_byte = kNever;

  ForcedCrossing crossing() const {
    return {.one_way_s = std::min(leave_s, enter_s),
            .round_trip_s = leave_s + enter_s,
            .s_per_byte = s_per_byte};
  }
};

/// Clusters of nodes of one kind: [node].
std::vector<std::size_t> clusters_by_kind(const SearchSpace& space, double limit_s) {
  const std::vector<int> cluster_of = space.graph.clusters(limit_s);
  std::map<std::pair<int, int>, std::size_t> numbers;
  std::vector<std::size_t> numbered;
  for (std::size_t node = 0; node < cluster_of.size(); ++node) {
    numbered.push_back(
        numbers.try_emplace({cluster_of[node], space.kind[node]}, numbers.size()).first->second);
  }
  return numbered;
}

std::vector<Border> borders(const SearchSpace& space, const std::vector<std::size_t>& cluster_of) {
  std::vector<Border> borders(cluster_of.size());
  for (std::size_t from = 0; from < cluster_of.size(); ++from) {
    Border& left = borders[cluster_of[from]];
    left.share += space.cluster.nodes()[from].gpus * space.model_share[from];
    for (std::size_t to = 0; to < cluster_of.size(); ++to) {
      if (cluster_of[from] == cluster_of[to] || space.kind[from] != space.kind[to]) {
        continue;
      }
      const Link& link = space.cluster.node_link(static_cast<int>(from), static_cast<int>(to));
      Border& entered = borders[cluster_of[to]];
      left.leave_s = std::min(left.leave_s, link.latency_s);
      entered.enter_s = std::min(entered.enter_s, link.latency_s);
      left.s_per_byte = std::min(left.s_per_byte, 1 / link.bandwidth_bytes_per_s);
      entered.s_per_byte = std::min(entered.s_per_byte, 1 / link.bandwidth_bytes_per_s);
    }
  }
  return borders;
}

}  // namespace

std::vector<ForcedCrossing> forced_crossings(const SearchSpace& space, double message_bytes) {
  constexpr double kRounding = 1e-9;
  const auto cost_s = [&](const ForcedCrossing& crossing) {
    return crossing.round_trip_s + crossing.s_per_byte * message_bytes;
  };
  std::vector<double> limits_s = space.graph.merge_distances_s();
  limits_s.insert(limits_s.begin(), -1.0);  // every node alone
  std::vector<ForcedCrossing> slowest(space.kind.size());
  for (const double limit_s : limits_s) {
    const std::vector<std::size_t> cluster_of = clusters_by_kind(space, limit_s);
    const std::vector<Border> all = borders(space, cluster_of);
    for (std::size_t node = 0; node < slowest.size(); ++node) {
      const Border& border = all[cluster_of[node]];
      const ForcedCrossing crossing = border.crossing();
      if (border.share < 1 - kRounding && cost_s(crossing) > cost_s(slowest[node])) {
        slowest[node] = crossing;
      }
    }
  }
  return slowest;
}

}  // namespace hexgen
