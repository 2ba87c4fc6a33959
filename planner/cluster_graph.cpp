#include "planner/cluster_graph.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/kruskal_min_spanning_tree.hpp>

namespace hexgen {
namespace {

using Graph = boost::adjacency_list<boost::vecS,
                                    boost::vecS,
                                    boost::undirectedS,
                                    boost::no_property,
                                    boost::property<boost::edge_weight_t, double>>;

}  // namespace

ClusterGraph::ClusterGraph(const Cluster& cluster, double message_bytes)
    : num_nodes_(cluster.num_nodes()) {
  const auto nodes = static_cast<std::size_t>(num_nodes_);
  distance_s_.assign(nodes * nodes, 0.0);
  Graph graph(nodes);
  for (int a = 0; a < num_nodes_; ++a) {
    for (int b = a + 1; b < num_nodes_; ++b) {
      const double there_s = cluster.node_link(a, b).transfer_s(message_bytes);
      const double back_s = cluster.node_link(b, a).transfer_s(message_bytes);
      const double mean_s = (there_s + back_s) / 2;
      distance_s_[static_cast<std::size_t>(a) * nodes + static_cast<std::size_t>(b)] = mean_s;
      distance_s_[static_cast<std::size_t>(b) * nodes + static_cast<std::size_t>(a)] = mean_s;
      boost::add_edge(static_cast<std::size_t>(a), static_cast<std::size_t>(b), mean_s, graph);
    }
  }
  std::vector<Graph::edge_descriptor> edges;
  boost::kruskal_minimum_spanning_tree(graph, std::back_inserter(edges));
  for (const Graph::edge_descriptor& edge : edges) {
    const double length_s = boost::get(boost::edge_weight, graph, edge);
    tree_.push_back({.a = static_cast<int>(boost::source(edge, graph)),
                     .b = static_cast<int>(boost::target(edge, graph)),
                     .distance_s = length_s});
    merge_distances_s_.push_back(length_s);
  }
  std::sort(merge_distances_s_.begin(), merge_distances_s_.end());
  merge_distances_s_.erase(std::unique(merge_distances_s_.begin(), merge_distances_s_.end()),
                           merge_distances_s_.end());
}

double ClusterGraph::distance_s(int a, int b) const {
  return distance_s_[static_cast<std::size_t>(a) * static_cast<std::size_t>(num_nodes_) +
                     static_cast<std::size_t>(b)];
}

std::vector<int> ClusterGraph::clusters(double limit_s) const {
  Graph forest(static_cast<std::size_t>(num_nodes_));
  for (const TreeEdge& edge : tree_) {
    if (edge.distance_s <= limit_s) {
      boost::add_edge(
          static_cast<std::size_t>(edge.a), static_cast<std::size_t>(edge.b), 0.0, forest);
    }
  }
  std::vector<int> cluster_of(static_cast<std::size_t>(num_nodes_));
  boost::connected_components(forest, cluster_of.data());
  return cluster_of;
}

}  // namespace hexgen
