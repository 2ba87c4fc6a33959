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

/// [a * nodes + b]: mean of the transfer times both ways.
std::vector<double> distances_s(const Cluster& cluster, double message_bytes) {
  const auto nodes = static_cast<std::size_t>(cluster.num_nodes());
  std::vector<double> distances(nodes * nodes, 0.0);
  for (int a = 0; a < cluster.num_nodes(); ++a) {
    for (int b = a + 1; b < cluster.num_nodes(); ++b) {
      const double there_s = cluster.node_link(a, b).transfer_s(message_bytes);
      const double back_s = cluster.node_link(b, a).transfer_s(message_bytes);
      const auto row = static_cast<std::size_t>(a);
      const auto column = static_cast<std::size_t>(b);
      distances[row * nodes + column] = (there_s + back_s) / 2;
      distances[column * nodes + row] = (there_s + back_s) / 2;
    }
  }
  return distances;
}

}  // namespace

ClusterGraph::ClusterGraph(const Cluster& cluster, double message_bytes)
    : ClusterGraph(cluster.num_nodes(), distances_s(cluster, message_bytes)) {}

ClusterGraph::ClusterGraph(int num_nodes, std::vector<double> distance_s)
    : num_nodes_(num_nodes),
      distance_s_(std::move(distance_s)) {
  Graph graph(static_cast<std::size_t>(num_nodes));
  for (int a = 0; a < num_nodes; ++a) {
    for (int b = a + 1; b < num_nodes; ++b) {
      boost::add_edge(
          static_cast<std::size_t>(a), static_cast<std::size_t>(b), this->distance_s(a, b), graph);
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

ClusterGraph ClusterGraph::part(const std::vector<int>& nodes) const {
  std::vector<double> distances;
  for (const int a : nodes) {
    for (const int b : nodes) {
      distances.push_back(distance_s(a, b));
    }
  }
  return {static_cast<int>(nodes.size()), std::move(distances)};
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
