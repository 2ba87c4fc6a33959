#pragma once

#include <cstddef>
#include <vector>

#include "profiles/cluster.h"

namespace hexgen {

/// The nodes of a cluster as a graph whose edges weigh the time to hand a message over and back.
/// What the search asks of the topology; Boost.Graph stays behind this header.
class ClusterGraph {
 public:
  ClusterGraph() = default;

  /// `message_bytes`: the size at which links are compared, e.g. the activations of one prefill.
  ClusterGraph(const Cluster& cluster, double message_bytes);

  /// Some of its nodes, with their distances, in this order.
  ClusterGraph part(const std::vector<int>& nodes) const;

  /// Mean of the transfer times both ways; 0 inside a node.
  double distance_s(int a, int b) const;

  /// Single-linkage clustering: cluster number of each node after the edges of the minimum spanning
  /// tree longer than `limit_s` are cut. Numbers count up in node order.
  std::vector<int> clusters(double limit_s) const;

  /// Lengths of the minimum spanning tree's edges, ascending, each once: the limits at which
  /// clusters() changes.
  const std::vector<double>& merge_distances_s() const { return merge_distances_s_; }

 private:
  ClusterGraph(int num_nodes, std::vector<double> distance_s);

  struct TreeEdge {
    int a = 0;
    int b = 0;
    double distance_s = 0;
  };

  int num_nodes_ = 0;
  std::vector<double> distance_s_;
  std::vector<TreeEdge> tree_;
  std::vector<double> merge_distances_s_;
};

}  // namespace hexgen
