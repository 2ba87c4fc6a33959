#include "simulator/contention.h"

#include <algorithm>
#include <map>

#include "simulator/batch_policy.h"

namespace hexgen {
namespace {

/// Calls visit(leg) for all legs of a replica.
template <typename Replica, typename Visit>
void for_each_leg(Replica& replica, Visit visit) {
  for (auto& transfers : replica.transfers) {
    if (transfers.all_reduce) {
      visit(*transfers.all_reduce);
    }
    for (auto& leg : transfers.handoff) {
      visit(leg);
    }
  }
}

/// The most that each replica can want of each resource at one time, bytes/s: [resource][replica].
using Wants = std::vector<std::map<int, double>>;

Wants find_wants(const ServingSystem& system, const SimulationOptions& options) {
  Wants wants(system.network.size());
  for (std::size_t r = 0; r < system.replicas.size(); ++r) {
    const ReplicaModel& replica = system.replicas[r];
    const bool one_at_a_time = make_batch_policy(replica, options).micro_batches == 1;
    for_each_leg(replica, [&](const NetworkLeg& leg) {
      for (const int resource : leg.resources) {
        double& want = wants[static_cast<std::size_t>(resource)][static_cast<int>(r)];
        want = one_at_a_time ? std::max(want, leg.bytes_per_s) : want + leg.bytes_per_s;
      }
    });
  }
  return wants;
}

bool is_short(const NetworkResource& resource, const std::map<int, double>& wants) {
  constexpr double kRounding = 1 + 1e-9;
  double sum = 0;
  for (const auto& [replica, want] : wants) {
    sum += want;
  }
  return sum > resource.bytes_per_s * kRounding;
}

/// Gives replicas `a` and `b` one group number.
void unite(std::vector<int>& group, int a, int b) {
  const int from = group[static_cast<std::size_t>(b)];
  std::replace(group.begin(), group.end(), from, group[static_cast<std::size_t>(a)]);
}

}  // namespace

Contention find_contention(const ServingSystem& system, const SimulationOptions& options) {
  const Wants wants = find_wants(system, options);
  const auto holds_up = [&](int resource) {
    const auto index = static_cast<std::size_t>(resource);
    return is_short(system.network[index], wants[index]);
  };
  Contention contention = {.groups = {}, .replicas = system.replicas};
  std::vector<int> group;  // [replica]: number of one replica of its group
  for (std::size_t r = 0; r < system.replicas.size(); ++r) {
    group.push_back(static_cast<int>(r));
    for_each_leg(contention.replicas[r], [&](NetworkLeg& leg) {
      std::erase_if(leg.resources, [&](int resource) { return !holds_up(resource); });
    });
  }
  std::vector<bool> in_group(system.replicas.size(), false);
  for (std::size_t resource = 0; resource < wants.size(); ++resource) {
    if (holds_up(static_cast<int>(resource))) {
      for (const auto& [replica, want] : wants[resource]) {
        in_group[static_cast<std::size_t>(replica)] = true;
        unite(group, wants[resource].begin()->first, replica);
      }
    }
  }
  std::map<int, std::vector<int>> groups;
  for (std::size_t r = 0; r < group.size(); ++r) {
    if (in_group[r]) {
      groups[group[r]].push_back(static_cast<int>(r));
    }
  }
  for (auto& [number, replicas] : groups) {
    contention.groups.push_back(std::move(replicas));
  }
  return contention;
}

}  // namespace hexgen
