#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "planner/arrangement.h"
#include "planner/layer_cover.h"
#include "planner/layout_problem.h"
#include "planner/node_splits.h"

namespace hexgen {

/// Depth-first over one split a node; a leaf is an arrangement. A branch is cut when it cannot hold
/// the layers, or when its relaxation is no better than the best layout so far: every chosen stage
/// has one layer, its lowest fixed latency and its cheapest hand-off, and the other layers go, by
/// latency a layer, to the chosen stages and to the undecided nodes as if these came for free. When
/// several nodes are used, stages and token return form a round trip that leaves each of them.
class LatencySearch {
 public:
  LatencySearch(const LayoutProblem& problem, double max_stage_s);

  /// Looks for a layout better than the ones found so far.
  void search(const std::vector<std::vector<NodeSplit>>& splits);

  std::optional<Layout>& best() { return best_; }

 private:
  struct Partial {
    std::size_t nodes = 0;  // decided
    int num_stages = 0;
    double latency_s = 0;   // lower bound with one layer a stage, without hand-offs
    double handoffs_s = 0;  // lower bound within nodes, counted once there are two stages
  };

  void add_option_bounds(int from);

  /// Items of the relaxation: the options, then the nodes. A node has the lowest slope of its
  /// options and, until it is decided, room for the most layers that any of its splits holds.
  void add_node_bounds();

  double& crossing(int from_node, int to_node);

  bool uses(std::size_t node) const { return !(*splits_)[node][chosen_[node]].stages.empty(); }

  /// Lower bound of what the round trip over several used nodes costs beyond `handoffs_s`.
  double crossings_s(std::size_t nodes_decided) const;

  double least_handoffs_s(const Partial& partial) const;

  bool hopeless(const Partial& partial) const;

  void extend(const Partial& partial);

  Arrangement arrangement(int num_stages) const;

  void consider(const Partial& partial);

  double handoffs_s(const Arrangement& stages, StageOrder& order, Ends ends) const;

  const LayoutProblem& problem_;
  const std::vector<std::vector<NodeSplit>>* splits_ = nullptr;
  LayerCaps caps_;
  std::vector<double> crossing_s_;       // [from node * nodes + to node], cheapest
  std::vector<double> least_handoff_s_;  // [option]
  std::vector<double> least_latency_s_;  // [option], with one layer
  std::vector<int> largest_cap_;         // [option]
  std::vector<double> slope_;            // [item]: latency a layer
  std::vector<std::size_t> by_slope_;    // items, lowest slope first
  std::vector<int> room_;                // [item]: layers it can take in the relaxation
  std::vector<std::size_t> chosen_;      // [node]: its split
  std::size_t work_ = 0;                 // branches and states of orders looked at
  std::optional<Layout> best_;
  double best_latency_s_ = std::numeric_limits<double>::infinity();
};

}  // namespace hexgen
