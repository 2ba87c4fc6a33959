#include <map>
#include <nlohmann/json.hpp>

#include "profiles/catalogue_json.h"
#include "profiles/cluster_json.h"
#include "profiles/errors.h"
#include "profiles/units.h"

namespace hexgen {

namespace {

using nlohmann::ordered_json;

ordered_json nodes_to_json(const Cluster& cluster) {
  ordered_json nodes = ordered_json::array();
  for (int n = 0; n < cluster.num_nodes(); ++n) {
    const Node& node = cluster.nodes()[static_cast<std::size_t>(n)];
    nodes.push_back(
        {{"name", node.name},
         {"region", node.region},
         {"gpu_type", cluster.gpu_types()[static_cast<std::size_t>(node.gpu_type)].name},
         {"gpus", node.gpus},
         {"intra_link", cluster.intra_link_of(n).name},
         {"price_per_hour", node.price_per_hour}});
  }
  return nodes;
}

ordered_json link_to_json(const std::string& a, const std::string& b, const Link& link) {
  return {{"between", {a, b}},
          {"latency_ms", in_unit(link.latency_s, kMilli)},
          {"bandwidth_gb_per_s", in_unit(link.bandwidth_bytes_per_s, kGiga)}};
}

/// The first pair of nodes of two regions gives their link; pairs that differ are listed one by
/// one.
ordered_json links_to_json(const Cluster& cluster) {
  std::map<std::pair<std::string, std::string>, Link> of_regions;
  ordered_json regions = ordered_json::array();
  ordered_json nodes = ordered_json::array();
  for (int a = 0; a < cluster.num_nodes(); ++a) {
    for (int b = a + 1; b < cluster.num_nodes(); ++b) {
      const Link& link = cluster.node_link(a, b);
      const Node& first = cluster.nodes()[static_cast<std::size_t>(a)];
      const Node& second = cluster.nodes()[static_cast<std::size_t>(b)];
      if (link != cluster.node_link(b, a)) {
        throw InputError("cluster " + cluster.name() + ": the link between " + first.name +
                         " and " + second.name + " differs by direction, which a file cannot say");
      }
      const auto [entry, added] =
          of_regions.emplace(std::minmax(first.region, second.region), link);
      if (added) {
        regions.push_back(link_to_json(first.region, second.region, link));
      } else if (entry->second != link) {
        nodes.push_back(link_to_json(first.name, second.name, link));
      }
    }
  }
  return {{"regions", std::move(regions)}, {"nodes", std::move(nodes)}};
}

}  // namespace

ordered_json cluster_to_json(const Cluster& cluster) {
  ordered_json gpu_types = ordered_json::array();
  for (const GpuType& type : cluster.gpu_types()) {
    gpu_types.push_back(gpu_to_json({.type = type, .aliases = {}, .usual_link = {}}));
  }
  ordered_json link_types = ordered_json::array();
  for (const LinkType& type : cluster.link_types()) {
    link_types.push_back(link_type_to_json(type));
  }
  return {{"format", "hexgen.cluster/1"},
          {"name", cluster.name()},
          {"gpu_types", std::move(gpu_types)},
          {"link_types", std::move(link_types)},
          {"nodes", nodes_to_json(cluster)},
          {"links", links_to_json(cluster)}};
}

}  // namespace hexgen
