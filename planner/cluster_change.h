#pragma once

#include <string>
#include <vector>

#include "profiles/cluster.h"

namespace hexgen {

/// A cluster after machines or GPUs were lost and others joined it.
///
/// Nodes without a GPU left are gone. A node that lost some keeps its number of GPUs in `cluster`,
/// so that the names of the others stay; in `usable`, which a search may use up, it has only those
/// that are left. Both have the same nodes: those that stay in their old order, then the joined.
struct ClusterChange {
  Cluster cluster;
  Cluster usable;
  std::vector<int> device_of_usable;  // [device of usable]: device of cluster
  std::vector<int> usable_of_old;     // [device of the old cluster]: device of usable, -1: lost
  std::vector<std::string> lost;      // names of the devices
  std::vector<std::string> joined;    // names of the nodes

  bool nothing_changed() const { return lost.empty() && joined.empty(); }
};

/// `lost`: "node" or "node:index", as plans write it. `joined` has the new nodes; it may also have
/// nodes of the old cluster, to say how they are linked with the new ones. Where it does not say,
/// the link is that of two nodes of the same two regions, of the old cluster first. Throws
/// InputError: "--lost: 'il-9' is no node of cluster hexgen-full, ...".
ClusterChange change_cluster(const Cluster& old,
                             const std::vector<std::string>& lost,
                             const Cluster* joined = nullptr);

}  // namespace hexgen
