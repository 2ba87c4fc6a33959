#include "profiles/cluster_links.h"

#include <algorithm>
#include <map>

#include "profiles/json_reader.h"
#include "profiles/names.h"
#include "profiles/units.h"

namespace hexgen {

namespace {

std::vector<std::string> node_names(const std::vector<Node>& nodes) {
  std::vector<std::string> names;
  for (const Node& node : nodes) {
    names.push_back(node.name);
  }
  return names;
}

std::vector<std::string> region_names(const std::vector<Node>& nodes) {
  std::vector<std::string> names;
  for (const Node& node : nodes) {
    if (std::find(names.begin(), names.end(), node.region) == names.end()) {
      names.push_back(node.region);
    }
  }
  return names;
}

using Ends = std::pair<std::string, std::string>;  // sorted: links have no direction

Ends ends(const std::string& a, const std::string& b) {
  return std::minmax(a, b);
}

Link read_link(const JsonReader& entry) {
  constexpr double kLongestLatencyMs = 60'000;
  constexpr double kHighestBandwidthGbPerS = 1e6;
  return {.latency_s = entry.at("latency_ms").number(0, kLongestLatencyMs) * kMilli,
          .bandwidth_bytes_per_s =
              entry.at("bandwidth_gb_per_s").positive_number(kHighestBandwidthGbPerS) * kGiga};
}

/// The names under "between", each of which must be one of `names`.
Ends read_ends(const JsonReader& between,
               const std::vector<std::string>& names,
               const std::string& what) {
  const std::vector<JsonReader> pair = between.items();
  if (pair.size() != 2) {
    between.fail(between.shown() + " is not a pair of names");
  }
  for (const JsonReader& end : pair) {
    if (std::find(names.begin(), names.end(), end.string()) == names.end()) {
      end.fail(end.shown() + " is no " + what + " of this cluster, " + advice(end.string(), names));
    }
  }
  return ends(pair[0].string(), pair[1].string());
}

/// The entries of links.regions or links.nodes.
std::map<Ends, Link> read_links_between(const JsonReader& entries,
                                        const std::vector<std::string>& names,
                                        const std::string& what) {
  std::map<Ends, Link> links;
  for (const JsonReader& entry : entries.items()) {
    entry.allow_only_noted({"between", "latency_ms", "bandwidth_gb_per_s"});
    const JsonReader between = entry.at("between");
    if (!links.emplace(read_ends(between, names, what), read_link(entry)).second) {
      between.fail(between.shown() + " has a link already");
    }
  }
  return links;
}

class LinkTables {
 public:
  LinkTables(const JsonReader& links, const std::vector<Node>& nodes, const std::string& what) {
    const std::string single = what + "s";
    links.allow_only_noted({"same_region", "regions", single});
    if (const auto entry = links.find("same_region")) {
      entry->allow_only_noted({"latency_ms", "bandwidth_gb_per_s"});
      same_region_ = read_link(*entry);
    }
    if (const auto entries = links.find("regions")) {
      regions_ = read_links_between(*entries, region_names(nodes), "region");
    }
    if (const auto entries = links.find(single)) {
      nodes_ = read_links_between(*entries, node_names(nodes), what);
      for (const auto& [pair, link] : nodes_) {
        if (pair.first == pair.second && what == "node") {
          entries->fail("node " + pair.first + " has a link to itself, expected its intra_link");
        }
      }
    }
  }

  /// The most special entry that applies; null when there is none.
  const Link* find(const Node& a, const Node& b) const {
    if (const auto found = nodes_.find(ends(a.name, b.name)); found != nodes_.end()) {
      return &found->second;
    }
    if (const auto found = regions_.find(ends(a.region, b.region)); found != regions_.end()) {
      return &found->second;
    }
    return same_region_ && a.region == b.region ? &*same_region_ : nullptr;
  }

 private:
  std::optional<Link> same_region_;
  std::map<Ends, Link> regions_;
  std::map<Ends, Link> nodes_;
};

std::string shown(const Node& node) {
  return node.name + " (" + node.region + ")";
}

}  // namespace

std::vector<Link> node_links_from_json(const JsonReader& root,
                                       const std::vector<Node>& nodes,
                                       const std::string& what) {
  const std::size_t count = nodes.size();
  std::vector<Link> links(count * count);
  if (count == 1 && !root.has("links")) {
    return links;
  }
  const JsonReader entry = root.at("links");
  const LinkTables tables(entry, nodes, what);
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      const Link* link = tables.find(nodes[a], nodes[b]);
      if (link == nullptr) {
        entry.fail("no link between " + what + "s " + shown(nodes[a]) + " and " + shown(nodes[b]));
      }
      links[a * count + b] = *link;
      links[b * count + a] = *link;
    }
  }
  return links;
}

}  // namespace hexgen
