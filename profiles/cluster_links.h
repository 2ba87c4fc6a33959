#pragma once

#include <string>
#include <vector>

#include "profiles/cluster.h"

namespace hexgen {

class JsonReader;

/// The "links" of a cluster file as a table: entry [a * nodes.size() + b] is the path from node a
/// to node b. Of the entries for two nodes the most special applies: links.nodes, links.regions,
/// then links.same_region. One node needs no links. Throws InputError when two nodes have none.
/// `what` is what the file calls a node: with "offer" links.offers stands in place of links.nodes,
/// and nodes of one name are machines of one offer, which may have a link to itself.
std::vector<Link> node_links_from_json(const JsonReader& root,
                                       const std::vector<Node>& nodes,
                                       const std::string& what = "node");

}  // namespace hexgen
