#pragma once

#include <vector>

#include "planner/cluster_graph.h"
#include "planner/individual.h"
#include "profiles/cluster.h"

namespace hexgen {

/// Which nodes may share a group.
struct GroupRule {
  bool single_type = false;    // those of one GPU type
  bool single_region = false;  // those of one region
};

/// [node]: numbers from 0 on, equal for nodes that may share a group.
std::vector<int> node_kinds(const Cluster& cluster, const GroupRule& rule);

/// What moves, repair and the initial population know of the problem.
struct SearchSpace {
  const Cluster& cluster;
  ClusterGraph graph;
  /// [node]: largest share of the model's layers that one device of the node can hold, in any
  /// tensor-parallel group.
  std::vector<double> model_share;
  std::vector<int> kind;        // [node]: a group has nodes of one kind only
  bool may_leave_idle = false;  // idle devices are worth something: they cost nothing

  /// Share of the model that the group's devices can hold; below 1 no layout exists.
  double share_of(const DeviceGroup& group) const;

  /// False for groups that cannot hold the model: necessary for a layout, not sufficient.
  bool may_hold_model(const DeviceGroup& group) const;

  int gpu_type(int node) const { return cluster.nodes()[static_cast<std::size_t>(node)].gpu_type; }

  int kind_of(int node) const { return kind[static_cast<std::size_t>(node)]; }
};

}  // namespace hexgen
