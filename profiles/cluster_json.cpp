#include "profiles/cluster_json.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "profiles/catalogue.h"
#include "profiles/catalogue_json.h"
#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/names.h"
#include "profiles/units.h"

namespace hexgen {

namespace {

using nlohmann::ordered_json;

constexpr int kMostGpusOfANode = 8;
constexpr std::size_t kMostNodes = 1024;
constexpr double kLongestLatencyMs = 60'000;
constexpr double kHighestPrice = 1e6;

/// The entries of "gpu_types" or "link_types" with their names, each of which may stand there once.
std::map<std::string, JsonReader> inline_types(const JsonReader& root, const std::string& key) {
  std::map<std::string, JsonReader> types;
  const auto entries = root.find(key);
  for (const JsonReader& entry : entries ? entries->items() : std::vector<JsonReader>{}) {
    const JsonReader name = entry.at("name");
    if (!types.emplace(name.string(), entry).second) {
      name.fail(name.shown() + " is used twice");
    }
  }
  return types;
}

/// What the nodes may name: an inline entry starts from the catalogue's of the same name.
Catalogue catalogue_with_types_of(const JsonReader& root) {
  Catalogue catalogue = Catalogue::builtin();
  for (const auto& [name, entry] : inline_types(root, "gpu_types")) {
    catalogue.add(gpu_from_json(entry, catalogue.find_gpu(name)));
  }
  for (const auto& [name, entry] : inline_types(root, "link_types")) {
    catalogue.add(link_type_from_json(entry, catalogue.find_link(name)));
  }
  return catalogue;
}

/// Position of the type of this name, which is added when it is not there yet.
template <typename Type>
int position_of(const Type& type, std::vector<Type>& types) {
  const auto found = std::find_if(
      types.begin(), types.end(), [&](const Type& known) { return known.name == type.name; });
  if (found != types.end()) {
    return static_cast<int>(found - types.begin());
  }
  types.push_back(type);
  return static_cast<int>(types.size()) - 1;
}

/// What is read of a cluster file before the Cluster is made.
struct Parts {
  std::vector<GpuType> gpu_types;
  std::vector<LinkType> link_types;
  std::vector<Node> nodes;

  int find_node(const std::string& name) const {
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      if (nodes[n].name == name) {
        return static_cast<int>(n);
      }
    }
    return -1;
  }

  std::vector<std::string> node_names() const {
    std::vector<std::string> names;
    for (const Node& node : nodes) {
      names.push_back(node.name);
    }
    return names;
  }

  std::vector<std::string> regions() const {
    std::vector<std::string> names;
    for (const Node& node : nodes) {
      if (std::find(names.begin(), names.end(), node.region) == names.end()) {
        names.push_back(node.region);
      }
    }
    return names;
  }
};

/// A name that can stand in a table and in "node:index".
std::string read_name(const JsonReader& value) {
  const std::string name = value.string();
  const bool plain =
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != 127; });
  if (!plain) {
    value.fail(value.shown() + " has spaces or characters outside ASCII");
  }
  return name;
}

const CatalogueGpu& read_gpu_type(const JsonReader& value, const Catalogue& catalogue) {
  if (const CatalogueGpu* found = catalogue.find_gpu(value.string())) {
    return *found;
  }
  value.fail(value.shown() + " is no known GPU type, " +
             advice(value.string(), catalogue.gpu_names()));
}

const LinkType& read_intra_link(const JsonReader& node,
                                const CatalogueGpu& gpu,
                                const Catalogue& catalogue) {
  const auto value = node.find("intra_link");
  if (!value && gpu.usual_link.empty()) {
    node.fail("key 'intra_link' is missing, and GPU type " + gpu.type.name + " has no usual_link");
  }
  const std::string name = value ? value->string() : gpu.usual_link;
  if (const LinkType* found = catalogue.find_link(name)) {
    return *found;
  }
  value.value_or(node).fail("'" + name + "' is no known link type, " +
                            advice(name, catalogue.link_names()));
}

void read_node(const JsonReader& entry, const Catalogue& catalogue, Parts& parts) {
  entry.allow_only_noted({"name", "region", "gpu_type", "gpus", "intra_link", "price_per_hour"});
  Node node;
  node.name = read_name(entry.at("name"));
  if (parts.find_node(node.name) >= 0) {
    entry.at("name").fail("'" + node.name + "' is used twice");
  }
  node.region = read_name(entry.at("region"));
  const CatalogueGpu& gpu = read_gpu_type(entry.at("gpu_type"), catalogue);
  node.gpu_type = position_of(gpu.type, parts.gpu_types);
  node.intra_link = position_of(read_intra_link(entry, gpu, catalogue), parts.link_types);
  node.gpus = entry.at("gpus").small_integer(1, kMostGpusOfANode);
  if (const auto price = entry.find("price_per_hour")) {
    node.price_per_hour = price->number(0, kHighestPrice);
  }
  parts.nodes.push_back(std::move(node));
}

Parts read_nodes(const JsonReader& root) {
  const Catalogue catalogue = catalogue_with_types_of(root);
  const std::vector<JsonReader> entries = root.at("nodes").items();
  if (entries.empty() || entries.size() > kMostNodes) {
    root.at("nodes").fail(std::to_string(entries.size()) + " nodes, expected 1 to " +
                          std::to_string(kMostNodes));
  }
  Parts parts;
  for (const JsonReader& entry : entries) {
    read_node(entry, catalogue, parts);
  }
  return parts;
}

Link read_link(const JsonReader& entry) {
  return {.latency_s = entry.at("latency_ms").number(0, kLongestLatencyMs) * kMilli,
          .bandwidth_bytes_per_s = entry.at("bandwidth_gb_per_s").positive_number(1e6) * kGiga};
}

using Ends = std::pair<std::string, std::string>;  // sorted: links have no direction

Ends ends(const std::string& a, const std::string& b) {
  return std::minmax(a, b);
}

/// The entries of links.regions or links.nodes; `names` are those that may stand under "between".
std::map<Ends, Link> read_links_between(const JsonReader& entries,
                                        const std::vector<std::string>& names,
                                        const std::string& what) {
  std::map<Ends, Link> links;
  for (const JsonReader& entry : entries.items()) {
    entry.allow_only_noted({"between", "latency_ms", "bandwidth_gb_per_s"});
    const JsonReader between = entry.at("between");
    const std::vector<JsonReader> pair = between.items();
    if (pair.size() != 2) {
      between.fail(between.shown() + " is not a pair of names");
    }
    for (const JsonReader& end : pair) {
      if (std::find(names.begin(), names.end(), end.string()) == names.end()) {
        end.fail(end.shown() + " is no " + what + " of this cluster, " +
                 advice(end.string(), names));
      }
    }
    if (!links.emplace(ends(pair[0].string(), pair[1].string()), read_link(entry)).second) {
      between.fail(between.shown() + " has a link already");
    }
  }
  return links;
}

struct LinkTables {
  std::optional<Link> same_region;
  std::map<Ends, Link> regions;
  std::map<Ends, Link> nodes;

  /// The most special entry that applies.
  const Link* find(const Node& a, const Node& b) const {
    if (const auto found = nodes.find(ends(a.name, b.name)); found != nodes.end()) {
      return &found->second;
    }
    if (const auto found = regions.find(ends(a.region, b.region)); found != regions.end()) {
      return &found->second;
    }
    return same_region && a.region == b.region ? &*same_region : nullptr;
  }
};

LinkTables read_link_tables(const JsonReader& links, const Parts& parts) {
  links.allow_only_noted({"same_region", "regions", "nodes"});
  LinkTables tables;
  if (const auto same_region = links.find("same_region")) {
    same_region->allow_only_noted({"latency_ms", "bandwidth_gb_per_s"});
    tables.same_region = read_link(*same_region);
  }
  if (const auto regions = links.find("regions")) {
    tables.regions = read_links_between(*regions, parts.regions(), "region");
  }
  if (const auto nodes = links.find("nodes")) {
    tables.nodes = read_links_between(*nodes, parts.node_names(), "node");
  }
  return tables;
}

std::vector<Link> read_node_links(const JsonReader& root, const Parts& parts) {
  const std::size_t count = parts.nodes.size();
  std::vector<Link> links(count * count);
  if (count == 1 && !root.has("links")) {
    return links;
  }
  const LinkTables tables = read_link_tables(root.at("links"), parts);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      const Link* link = a == b ? nullptr : tables.find(parts.nodes[a], parts.nodes[b]);
      if (a != b && link == nullptr) {
        root.at("links").fail("no link between nodes " + parts.nodes[a].name + " (" +
                              parts.nodes[a].region + ") and " + parts.nodes[b].name + " (" +
                              parts.nodes[b].region + ")");
      }
      links[a * count + b] = a == b ? Link{} : *link;
    }
  }
  return links;
}

}  // namespace

Cluster cluster_from_json(const JsonReader& root, const std::string& default_name) {
  root.expect_format("hexgen.cluster/1");
  root.allow_only_noted({"format", "name", "gpu_types", "link_types", "nodes", "links"});
  const auto name = root.find("name");
  Parts parts = read_nodes(root);
  std::vector<Link> links = read_node_links(root, parts);
  return {name ? name->string() : default_name,
          std::move(parts.gpu_types),
          std::move(parts.link_types),
          std::move(parts.nodes),
          std::move(links)};
}

Cluster parse_cluster(const InputFile& file) {
  const JsonDocument document = JsonDocument::parse(file.text, file.label);
  return cluster_from_json(document.root(), file.name);
}

Cluster read_cluster(const std::string& path_or_name) {
  return parse_cluster(load_cluster_file(path_or_name));
}

}  // namespace hexgen
