#include "planner/baselines.h"

#include <algorithm>
#include <map>
#include <string>

namespace hexgen {
namespace {

constexpr double kMergeProbability = 0.001;
constexpr int kTournamentRounds = 3;

/// Groups by the region of their first node; here groups never span regions.
std::map<std::string, std::vector<DeviceGroup>> by_region(const Individual& individual,
                                                          const Cluster& cluster) {
  std::map<std::string, std::vector<DeviceGroup>> regions;
  for (const DeviceGroup& group : individual.groups) {
    const Node& node = cluster.nodes()[static_cast<std::size_t>(group.front().node)];
    regions[node.region].push_back(group);
  }
  return regions;
}

Individual one_group_a_region(const SearchSpace& space) {
  std::map<std::string, DeviceGroup> regions;
  for (int n = 0; n < space.cluster.num_nodes(); ++n) {
    const Node& node = space.cluster.nodes()[static_cast<std::size_t>(n)];
    regions[node.region].push_back({.node = n, .devices = node.gpus});
  }
  Individual individual;
  for (auto& [name, group] : regions) {
    individual.groups.push_back(std::move(group));
  }
  normalise(individual);
  return individual;
}

int prevailing_type(const DeviceGroup& group, const SearchSpace& space) {
  std::map<int, int> devices_of_type;
  for (const NodeShare& share : group) {
    devices_of_type[space.gpu_type(share.node)] += share.devices;
  }
  return std::max_element(devices_of_type.begin(),
                          devices_of_type.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

/// Moves one device from one group to another.
void adjust_composition(std::vector<DeviceGroup>& groups,
                        const SearchSpace& space,
                        Random& random) {
  if (groups.size() < 2) {
    return;
  }
  const std::size_t from = random.below(groups.size());
  const std::size_t to = (from + 1 + random.below(groups.size() - 1)) % groups.size();
  std::vector<int> nodes;
  for (const NodeShare& share : groups[from]) {
    if (space.gpu_type(share.node) == prevailing_type(groups[to], space)) {
      nodes.push_back(share.node);
    }
  }
  const int node = nodes.empty() ? random.pick(groups[from]).node : random.pick(nodes);
  add_devices(groups[from], node, -1);
  add_devices(groups[to], node, 1);
}

/// Merges two groups, rarely, or splits one in halves.
void adjust_groups(std::vector<DeviceGroup>& groups, Random& random) {
  const std::size_t first = random.below(groups.size());
  if (random.chance(kMergeProbability) && groups.size() > 1) {
    const std::size_t second = (first + 1 + random.below(groups.size() - 1)) % groups.size();
    groups[first] = merged(groups[first], groups[second]);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(second));
    return;
  }
  DeviceGroup half;
  for (const NodeShare& share : DeviceGroup(groups[first])) {
    if (share.devices / 2 > 0) {
      add_devices(half, share.node, share.devices / 2);
      add_devices(groups[first], share.node, -(share.devices / 2));
    }
  }
  groups.push_back(std::move(half));
}

Individual mutate(const Individual& parent, const SearchSpace& space, Random& random) {
  Individual child;
  for (const auto& [name, groups] : by_region(parent, space.cluster)) {
    std::vector<DeviceGroup> changed = groups;
    if (random.chance(0.5)) {
      adjust_composition(changed, space, random);
    } else {
      adjust_groups(changed, random);
    }
    const bool valid = std::all_of(changed.begin(), changed.end(), [&](const DeviceGroup& group) {
      return space.may_hold_model(group);
    });
    const std::vector<DeviceGroup>& kept = valid ? changed : groups;
    child.groups.insert(child.groups.end(), kept.begin(), kept.end());
  }
  normalise(child);
  return child;
}

}  // namespace

SearchStrategy released_strategy(const SearchSpace& space) {
  return {.start = [&space](Random& /*random*/) { return one_group_a_region(space); },
          .breed =
              [&space](const std::vector<Member>& members, Random& random) {
                const std::size_t parent = tournament(members, kTournamentRounds, random);
                return mutate(members[parent].individual, space, random);
              }};
}

}  // namespace hexgen
