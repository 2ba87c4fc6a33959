#pragma once

#include <vector>

#include "profiles/cluster.h"

namespace hexgen {

class JsonReader;

/// The "links" of a cluster file as a table: entry [a * nodes.size() + b] is the path from node a
/// to node b. Of the entries for two nodes the most special applies: links.nodes, links.regions,
/// then links.same_region. One node needs no links. Throws InputError when two nodes have none.
std::vector<Link> node_links_from_json(const JsonReader& root, const std::vector<Node>& nodes);

}  // namespace hexgen
