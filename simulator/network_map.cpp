#include "simulator/network_map.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <tuple>

#include "cost_models/communication.h"

namespace hexgen {
namespace {

/// The resources of a cluster, made when they are first asked for.
class ResourceTable {
 public:
  ResourceTable(const Cluster& cluster, std::vector<NetworkResource>& resources)
      : cluster_(cluster),
        resources_(resources) {}

  /// Adds what bytes cross from one node to another to `path`, which names each once.
  void add_hop(int from, int to, std::vector<int>& path) {
    add({Kind::kOut, node_name(from), ""}, fastest_from(from), path);
    add({Kind::kPair, node_name(from), node_name(to)}, bandwidth(from, to), path);
    if (region(from) != region(to)) {
      add({Kind::kRegions, region(from), region(to)},
          fastest_between(region(from), region(to)),
          path);
    }
    add({Kind::kIn, node_name(to), ""}, fastest_from(to), path);
  }

 private:
  enum class Kind { kOut, kIn, kPair, kRegions };
  using Key = std::tuple<Kind, std::string, std::string>;

  void add(const Key& key, double bytes_per_s, std::vector<int>& path) {
    const auto [entry, is_new] = numbers_.emplace(key, static_cast<int>(resources_.size()));
    if (is_new) {
      resources_.push_back({.bytes_per_s = bytes_per_s});
    }
    if (std::find(path.begin(), path.end(), entry->second) == path.end()) {
      path.push_back(entry->second);
    }
  }

  const std::string& node_name(int node) const {
    return cluster_.nodes()[static_cast<std::size_t>(node)].name;
  }

  const std::string& region(int node) const {
    return cluster_.nodes()[static_cast<std::size_t>(node)].region;
  }

  double bandwidth(int from, int to) const {
    return cluster_.node_link(from, to).bandwidth_bytes_per_s;
  }

  double fastest_from(int node) const {
    double fastest = 0;
    for (int other = 0; other < cluster_.num_nodes(); ++other) {
      if (other != node) {
        fastest = std::max(fastest, bandwidth(node, other));
      }
    }
    return fastest;
  }

  double fastest_between(const std::string& a, const std::string& b) const {
    double fastest = 0;
    for (int from = 0; from < cluster_.num_nodes(); ++from) {
      for (int to = 0; to < cluster_.num_nodes(); ++to) {
        if (region(from) == a && region(to) == b) {
          fastest = std::max(fastest, bandwidth(from, to));
        }
      }
    }
    return fastest;
  }

  const Cluster& cluster_;
  std::vector<NetworkResource>& resources_;
  std::map<Key, int> numbers_;
};

/// Nodes of a group, that of `first_device` first, then region by region.
std::vector<int> nodes_in_order(const Cluster& cluster,
                                const std::vector<int>& devices,
                                int first_device) {
  const int first = cluster.device(first_device).node;
  const auto key = [&](int node) {
    const std::string& region = cluster.nodes()[static_cast<std::size_t>(node)].region;
    const bool elsewhere = region != cluster.nodes()[static_cast<std::size_t>(first)].region;
    return std::tuple(node != first, elsewhere, region, node);
  };
  std::vector<int> nodes;
  for (const int device : devices) {
    nodes.push_back(cluster.device(device).node);
  }
  std::sort(nodes.begin(), nodes.end(), [&](int a, int b) { return key(a) < key(b); });
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

/// The ring of an all-reduce, each of whose links carries 2 (n-1)/n of the bytes.
std::optional<NetworkLeg> all_reduce_leg(const Cluster& cluster,
                                         const std::vector<int>& devices,
                                         ResourceTable& table) {
  const std::vector<int> nodes = nodes_in_order(cluster, devices, devices.front());
  if (nodes.size() < 2) {
    return std::nullopt;
  }
  const auto n = static_cast<double>(devices.size());
  NetworkLeg leg = {.bytes_per_s = 2 * (n - 1) / n / all_reduce_cost(cluster, devices).s_per_byte};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    table.add_hop(nodes[i], nodes[(i + 1) % nodes.size()], leg.resources);
  }
  return leg;
}

std::vector<NetworkLeg> handoff_legs(const Cluster& cluster,
                                     const std::vector<int>& from_devices,
                                     const std::vector<int>& to_devices,
                                     ResourceTable& table) {
  const LeaderPair leaders = leader_pair(cluster, from_devices, to_devices);
  if (leaders.from_device == leaders.to_device) {
    return {};
  }
  std::vector<NetworkLeg> legs;
  const double whole_s = handoff_cost(cluster, from_devices, to_devices).s_per_byte;
  const int from = cluster.device(leaders.from_device).node;
  const int to = cluster.device(leaders.to_device).node;
  if (from != to) {
    const double bytes_per_s =
        cluster.link(leaders.from_device, leaders.to_device).bandwidth_bytes_per_s;
    table.add_hop(from,
                  to,
                  legs.emplace_back(NetworkLeg{.bytes_per_s = bytes_per_s,
                                               .resources = {},
                                               .share = 1 / bytes_per_s / whole_s})
                      .resources);
  }
  const std::vector<int> nodes = nodes_in_order(cluster, to_devices, leaders.to_device);
  if (nodes.size() > 1) {
    const double s_per_byte = broadcast_cost(cluster, to_devices).s_per_byte;
    NetworkLeg& leg = legs.emplace_back(
        NetworkLeg{.bytes_per_s = 1 / s_per_byte, .resources = {}, .share = s_per_byte / whole_s});
    for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
      table.add_hop(nodes[i], nodes[i + 1], leg.resources);
    }
  }
  return legs;
}

}  // namespace

void share_network(const Plan& plan, const Cluster& cluster, ServingSystem& system) {
  assert(plan.pipelines().size() == system.replicas.size());
  ResourceTable table(cluster, system.network);
  for (std::size_t r = 0; r < system.replicas.size(); ++r) {
    const std::vector<Stage>& stages = plan.pipelines()[r].stages;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const Stage& next = stages[(s + 1) % stages.size()];
      system.replicas[r].transfers.push_back(
          {.all_reduce = all_reduce_leg(cluster, stages[s].devices, table),
           .handoff = handoff_legs(cluster, stages[s].devices, next.devices, table)});
    }
  }
}

}  // namespace hexgen
