#include "profiles/cluster_json.h"

#include <algorithm>
#include <map>

#include "profiles/catalogue.h"
#include "profiles/catalogue_json.h"
#include "profiles/cluster_links.h"
#include "profiles/json_reader.h"
#include "profiles/names.h"

namespace hexgen {

namespace {

constexpr int kMostGpusOfANode = 8;
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

const LinkType& read_link_type(const JsonReader& value, const Catalogue& catalogue) {
  if (const LinkType* found = catalogue.find_link(value.string())) {
    return *found;
  }
  value.fail(value.shown() + " is no known link type, " +
             advice(value.string(), catalogue.link_names()));
}

/// What the nodes may name: an inline entry starts from the catalogue's of the same name.
Catalogue catalogue_with_types_of(const JsonReader& root) {
  Catalogue catalogue = Catalogue::builtin();
  for (const auto& [name, entry] : inline_types(root, "link_types")) {
    catalogue.add(link_type_from_json(entry, catalogue.find_link(name)));
  }
  for (const auto& [name, entry] : inline_types(root, "gpu_types")) {
    catalogue.add(gpu_from_json(entry, catalogue.find_gpu(name)));
    if (const auto link = entry.find("usual_link")) {
      read_link_type(*link, catalogue);
    }
  }
  return catalogue;
}

const LinkType& read_intra_link(const JsonReader& node,
                                const CatalogueGpu& gpu,
                                const Catalogue& catalogue) {
  if (const auto value = node.find("intra_link")) {
    return read_link_type(*value, catalogue);
  }
  if (gpu.usual_link.empty()) {
    node.fail("key 'intra_link' is missing, and GPU type " + gpu.type.name + " has no usual_link");
  }
  return catalogue.link(gpu.usual_link);
}

void read_node(const JsonReader& entry, const Catalogue& catalogue, ClusterParts& parts) {
  Node node;
  node.name = read_name(entry.at("name"));
  if (parts.has_node(node.name)) {
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

}  // namespace

bool ClusterParts::has_node(const std::string& name) const {
  return std::any_of(
      nodes.begin(), nodes.end(), [&](const Node& node) { return node.name == name; });
}

ClusterParts read_machines(const JsonReader& root,
                           const std::string& key,
                           const std::vector<std::string>& further_keys) {
  const Catalogue catalogue = catalogue_with_types_of(root);
  const std::vector<JsonReader> entries = root.at(key).items();
  if (entries.empty() || entries.size() > kMostNodes) {
    root.at(key).fail(std::to_string(entries.size()) + " " + key + ", expected 1 to " +
                      std::to_string(kMostNodes));
  }
  std::vector<std::string> keys = {
      "name", "region", "gpu_type", "gpus", "intra_link", "price_per_hour"};
  keys.insert(keys.end(), further_keys.begin(), further_keys.end());
  ClusterParts parts;
  for (const JsonReader& entry : entries) {
    entry.allow_only_noted(keys);
    read_node(entry, catalogue, parts);
  }
  return parts;
}

Cluster cluster_from_json(const JsonReader& root, const std::string& default_name) {
  root.expect_format("hexgen.cluster/1");
  root.allow_only_noted({"format", "name", "gpu_types", "link_types", "nodes", "links"});
  const auto name = root.find("name");
  ClusterParts parts = read_machines(root, "nodes");
  std::vector<Link> links = node_links_from_json(root, parts.nodes);
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
