#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "profiles/cluster.h"
#include "profiles/input_file.h"

namespace hexgen {

class JsonReader;

/// Reads "hexgen.cluster/1". Types named by the nodes come from the file's "gpu_types" and
/// "link_types" if they are there, and from the catalogue otherwise. Between two nodes the link is
/// that of links.nodes, else that of links.regions, else links.same_region; none is an error. Any
/// object may list under "assumed" those of its keys whose values no published source or
/// measurement gives. Throws InputError.
Cluster cluster_from_json(const JsonReader& root, const std::string& default_name);

Cluster parse_cluster(const InputFile& file);

/// The most nodes of a file.
inline constexpr int kMostNodes = 1024;

/// What a list of machines in a file is read into.
struct ClusterParts {
  std::vector<GpuType> gpu_types;
  std::vector<LinkType> link_types;
  std::vector<Node> nodes;

  bool has_node(const std::string& name) const;
};

/// The list of machines `key` of a file and the types that they name. `further_keys`: those that an
/// entry may have besides a node's. Throws InputError.
ClusterParts read_machines(const JsonReader& root,
                           const std::string& key,
                           const std::vector<std::string>& further_keys = {});

/// A file, or a name such as "hexgen-full".
Cluster read_cluster(const std::string& path_or_name);

/// The inverse, self-contained: GPU and link types stand in it, so that it reads back the same with
/// any catalogue. Throws InputError for links whose two directions differ; the format has none.
nlohmann::ordered_json cluster_to_json(const Cluster& cluster);

}  // namespace hexgen
