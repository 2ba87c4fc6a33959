#include "profiles/cluster.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <numeric>
#include <unordered_set>

#include "profiles/errors.h"

namespace hexgen {

Cluster::Cluster(std::string name,
                 std::vector<GpuType> gpu_types,
                 std::vector<LinkType> link_types,
                 std::vector<Node> nodes,
                 std::vector<Link> node_links)
    : name_(std::move(name)),
      gpu_types_(std::move(gpu_types)),
      link_types_(std::move(link_types)),
      nodes_(std::move(nodes)),
      node_links_(std::move(node_links)) {
  if (node_links_.size() != nodes_.size() * nodes_.size()) {
    throw InputError("cluster " + name_ + ": links: " + std::to_string(node_links_.size()) +
                     " entries for " + std::to_string(nodes_.size()) + " nodes");
  }
  std::unordered_set<std::string> names;
  for (int n = 0; n < num_nodes(); ++n) {
    const Node& node = nodes_[static_cast<std::size_t>(n)];
    if (!names.insert(node.name).second) {
      throw InputError("cluster " + name_ + ": nodes[" + std::to_string(n) + "].name: '" +
                       node.name + "' is used twice");
    }
    first_device_.push_back(num_devices());
    for (int i = 0; i < node.gpus; ++i) {
      devices_.push_back({.node = n, .index = i});
    }
  }
}

const Node& Cluster::node_of(int device_id) const {
  return nodes_[static_cast<std::size_t>(device(device_id).node)];
}

const GpuType& Cluster::gpu_of(int device_id) const {
  return gpu_types_[static_cast<std::size_t>(node_of(device_id).gpu_type)];
}

const LinkType& Cluster::intra_link_of(int node) const {
  return link_types_[static_cast<std::size_t>(nodes_[static_cast<std::size_t>(node)].intra_link)];
}

const Link& Cluster::link(int from_device, int to_device) const {
  const int from = device(from_device).node;
  const int to = device(to_device).node;
  return from == to ? intra_link_of(from).link : node_link(from, to);
}

const Link& Cluster::node_link(int from_node, int to_node) const {
  return node_links_[static_cast<std::size_t>(from_node) * nodes_.size() +
                     static_cast<std::size_t>(to_node)];
}

std::shared_ptr<const NodeTimings> Cluster::node_timings(int a, int b) const {
  const auto found = node_timings_.find(std::minmax(a, b));
  return found == node_timings_.end() ? nullptr : found->second;
}

void Cluster::set_node_timings(int a, int b, std::shared_ptr<const NodeTimings> timings) {
  node_timings_[std::minmax(a, b)] = std::move(timings);
}

std::string Cluster::device_name(int id) const {
  return node_of(id).name + ":" + std::to_string(device(id).index);
}

int Cluster::device_id(const std::string& name) const {
  const auto colon = name.rfind(':');
  if (colon != std::string::npos) {
    const char* begin = name.data() + colon + 1;
    const char* end = name.data() + name.size();
    int index = -1;
    const auto parsed = std::from_chars(begin, end, index);
    for (int n = 0; n < num_nodes(); ++n) {
      const Node& node = nodes_[static_cast<std::size_t>(n)];
      const bool matches = name.compare(0, colon, node.name) == 0 && parsed.ec == std::errc{} &&
                           parsed.ptr == end && index >= 0 && index < node.gpus;
      if (matches) {
        return first_device(n) + index;
      }
    }
  }
  throw InputError("'" + name + "' is no device of cluster " + name_ +
                   " (expected node:index, e.g. " +
                   (num_devices() > 0 ? device_name(0) : std::string("node:0")) + ")");
}

double Cluster::price_per_hour() const {
  return std::accumulate(nodes_.begin(), nodes_.end(), 0.0, [](double sum, const Node& node) {
    return sum + node.price_per_hour;
  });
}

double all_reduce_latency_steps(int devices) {
  const auto last_rank = static_cast<unsigned>(devices - 1);
  return 2.0 * static_cast<double>(std::bit_width(last_rank));
}

Cluster without_nodes(const Cluster& cluster, const std::vector<std::string>& names) {
  const auto& all = cluster.nodes();
  for (const std::string& name : names) {
    if (std::none_of(all.begin(), all.end(), [&](const Node& n) { return n.name == name; })) {
      throw InputError("cluster " + cluster.name() + ": has no node '" + name + "' to leave out");
    }
  }
  std::vector<int> kept;
  for (int n = 0; n < cluster.num_nodes(); ++n) {
    if (std::find(names.begin(), names.end(), all[static_cast<std::size_t>(n)].name) ==
        names.end()) {
      kept.push_back(n);
    }
  }
  if (kept.empty()) {
    throw InputError("cluster " + cluster.name() + ": no node is left");
  }
  std::vector<Node> nodes;
  std::vector<Link> links;
  for (const int from : kept) {
    nodes.push_back(all[static_cast<std::size_t>(from)]);
    for (const int to : kept) {
      links.push_back(cluster.node_link(from, to));
    }
  }
  Cluster rest(cluster.name(), cluster.gpu_types(), cluster.link_types(), std::move(nodes), links);
  for (std::size_t a = 0; a < kept.size(); ++a) {
    for (std::size_t b = a + 1; b < kept.size(); ++b) {
      if (auto timings = cluster.node_timings(kept[a], kept[b])) {
        rest.set_node_timings(static_cast<int>(a), static_cast<int>(b), std::move(timings));
      }
    }
  }
  return rest;
}

}  // namespace hexgen
