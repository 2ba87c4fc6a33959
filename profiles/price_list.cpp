#include "profiles/price_list.h"

#include <algorithm>

#include "profiles/cluster_json.h"
#include "profiles/cluster_links.h"
#include "profiles/errors.h"
#include "profiles/json_reader.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

const Link& link_between(const PriceList& list, std::size_t a, std::size_t b) {
  return a == b ? list.links_within[a]
                : list.machines.node_link(static_cast<int>(a), static_cast<int>(b));
}

std::vector<int> read_available(const JsonReader& root) {
  std::vector<int> available;
  int all = 0;
  for (const JsonReader& entry : root.at("offers").items()) {
    entry.at("price_per_hour");
    const JsonReader count = entry.at("available");
    available.push_back(count.small_integer(1, kMostNodes));
    all += available.back();
    if (all > kMostNodes) {
      count.fail(count.shown() + " makes " + std::to_string(all) +
                 " machines in all, expected at most " + std::to_string(kMostNodes));
    }
  }
  return available;
}

/// Fills the links of the list; to ask for the link between two machines of one offer, those of
/// which there are several stand in the question twice.
std::vector<Link> read_links(const JsonReader& root,
                             const std::vector<Node>& offers,
                             const std::vector<int>& available,
                             std::vector<Link>& links_within) {
  std::vector<Node> machines = offers;
  std::vector<std::size_t> second_of;
  for (std::size_t k = 0; k < offers.size(); ++k) {
    second_of.push_back(available[k] > 1 ? machines.size() : k);
    if (available[k] > 1) {
      machines.push_back(offers[k]);
    }
  }
  const std::vector<Link> all = node_links_from_json(root, machines, "offer");
  std::vector<Link> between;
  for (std::size_t a = 0; a < offers.size(); ++a) {
    links_within.push_back(all[a * machines.size() + second_of[a]]);
    for (std::size_t b = 0; b < offers.size(); ++b) {
      between.push_back(all[a * machines.size() + b]);
    }
  }
  return between;
}

}  // namespace

PriceList parse_price_list(const InputFile& file) {
  const JsonDocument document = JsonDocument::parse(file.text, file.label);
  const JsonReader root = document.root();
  root.expect_format("hexgen.price_list/1");
  root.allow_only_noted({"format", "name", "gpu_types", "link_types", "offers", "links"});
  const auto name = root.find("name");
  ClusterParts parts = read_machines(root, "offers", {"available"});
  PriceList list = {.machines = {}, .available = read_available(root), .links_within = {}};
  std::vector<Link> links = read_links(root, parts.nodes, list.available, list.links_within);
  list.machines = {name ? name->string() : file.name,
                   std::move(parts.gpu_types),
                   std::move(parts.link_types),
                   std::move(parts.nodes),
                   std::move(links)};
  return list;
}

PriceList without_offers(const PriceList& list, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const Node& machine : list.machines.nodes()) {
    known.push_back(machine.name);
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw InputError("price list " + list.machines.name() + ": '" + name +
                       "' is no offer to leave out, " + advice(name, known));
    }
  }
  if (names.size() >= known.size()) {
    throw InputError("price list " + list.machines.name() + ": no offer is left");
  }
  PriceList left = {
      .machines = without_nodes(list.machines, names), .available = {}, .links_within = {}};
  for (std::size_t k = 0; k < list.num_offers(); ++k) {
    if (std::find(names.begin(), names.end(), list.machines.nodes()[k].name) == names.end()) {
      left.available.push_back(list.available[k]);
      left.links_within.push_back(list.links_within[k]);
    }
  }
  return left;
}

Cluster rented_cluster(const PriceList& list, const std::vector<int>& counts) {
  std::vector<Node> nodes;
  std::vector<std::size_t> offers;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    for (int i = 0; i < counts[k]; ++i) {
      nodes.push_back(list.machines.nodes()[k]);
      nodes.back().name += "-" + std::to_string(i);
      offers.push_back(k);
    }
  }
  std::vector<Link> links;
  for (const std::size_t a : offers) {
    for (const std::size_t b : offers) {
      links.push_back(link_between(list, a, b));
    }
  }
  return {list.machines.name(),
          list.machines.gpu_types(),
          list.machines.link_types(),
          std::move(nodes),
          std::move(links)};
}

}  // namespace hexgen
