#include "planner/partitions.h"

#include <algorithm>
#include <utility>

#include "planner/node_symmetry.h"

namespace hexgen {
namespace {

bool alike(const Cluster& cluster, int a, int b) {
  const Node& first = cluster.nodes()[static_cast<std::size_t>(a)];
  const Node& second = cluster.nodes()[static_cast<std::size_t>(b)];
  return first.gpus == second.gpus && first.price_per_hour == second.price_per_hour &&
         exchangeable(cluster, a, b, idle_devices({}, cluster));
}

Individual exchanged(const Individual& individual, int a, int b) {
  Individual other = individual;
  for (DeviceGroup& group : other.groups) {
    const int on_a = devices_on(group, a);
    const int on_b = devices_on(group, b);
    add_devices(group, a, on_b - on_a);
    add_devices(group, b, on_a - on_b);
  }
  normalise(other);
  return other;
}

bool of_one_kind(const DeviceGroup& group, const SearchSpace& space) {
  return std::all_of(group.begin(), group.end(), [&](const NodeShare& share) {
    return space.kind_of(share.node) == space.kind_of(group.front().node);
  });
}

/// Every group that can be taken from the pool, the empty one first.
std::vector<DeviceGroup> subgroups(const DeviceGroup& pool) {
  std::vector<DeviceGroup> all = {{}};
  for (const NodeShare& share : pool) {
    const std::size_t without = all.size();
    for (std::size_t g = 0; g < without; ++g) {
      for (int devices = 1; devices <= share.devices; ++devices) {
        all.push_back(all[g]);
        all.back().push_back({.node = share.node, .devices = devices});
      }
    }
  }
  return all;
}

bool has_more_subgroups_than(std::size_t limit, const Cluster& cluster) {
  std::size_t count = 1;
  for (const Node& node : cluster.nodes()) {
    count *= static_cast<std::size_t>(node.gpus) + 1;
    if (count > limit) {
      return true;
    }
  }
  return false;
}

class Enumeration {
 public:
  Enumeration(const SearchSpace& space, std::size_t limit)
      : space_(space),
        limit_(limit) {
    for (int b = 0; b < space.cluster.num_nodes(); ++b) {
      for (int a = 0; a < b; ++a) {
        if (alike(space.cluster, a, b)) {
          exchanges_.emplace_back(a, b);
        }
      }
    }
  }

  std::vector<Individual> list() {
    extend(idle_devices({}, space_.cluster));
    if (overflow_) {
      found_.clear();
    }
    return std::move(found_);
  }

 private:
  /// Groups come in rising order, so that each set of groups comes once.
  void extend(const DeviceGroup& left) {
    if (smallest_of_its_kind()) {
      overflow_ = found_.size() == limit_;
      if (!overflow_) {
        found_.push_back(current_);
      }
    }
    for (const DeviceGroup& group : subgroups(left)) {
      if (overflow_) {
        return;
      }
      if (!allowed(group)) {
        continue;
      }
      DeviceGroup rest = left;
      for (const NodeShare& share : group) {
        add_devices(rest, share.node, -share.devices);
      }
      current_.groups.push_back(group);
      extend(rest);
      current_.groups.pop_back();
    }
  }

  bool allowed(const DeviceGroup& group) const {
    const bool in_order = current_.groups.empty() || !(group < current_.groups.back());
    return in_order && space_.may_hold_model(group) && of_one_kind(group, space_);
  }

  bool smallest_of_its_kind() const {
    for (const auto& [a, b] : exchanges_) {
      if (exchanged(current_, a, b) < current_) {
        return false;
      }
    }
    return true;
  }

  const SearchSpace& space_;
  std::size_t limit_;
  std::vector<std::pair<int, int>> exchanges_;
  Individual current_;
  std::vector<Individual> found_;
  bool overflow_ = false;
};

}  // namespace

std::vector<Individual> all_partitions(const SearchSpace& space, std::size_t limit) {
  if (has_more_subgroups_than(limit, space.cluster)) {
    return {};
  }
  return Enumeration(space, limit).list();
}

}  // namespace hexgen
