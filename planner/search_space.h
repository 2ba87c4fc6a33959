#pragma once

#include <vector>

#include "planner/cluster_graph.h"
#include "planner/individual.h"
#include "profiles/cluster.h"

namespace hexgen {

/// What moves, repair and the initial population know of the problem.
struct SearchSpace {
  const Cluster& cluster;
  ClusterGraph graph;
  /// [node]: largest share of the model's layers that one device of the node can hold, in any
  /// tensor-parallel group.
  std::vector<double> model_share;
  bool single_type = false;     // a group has devices of one GPU type
  bool may_leave_idle = false;  // idle devices are worth something (objective cost)

  /// Share of the model that the group's devices can hold; below 1 no layout exists.
  double share_of(const DeviceGroup& group) const;

  /// False for groups that cannot hold the model: necessary for a layout, not sufficient.
  bool may_hold_model(const DeviceGroup& group) const;

  int gpu_type(int node) const { return cluster.nodes()[static_cast<std::size_t>(node)].gpu_type; }
};

}  // namespace hexgen
