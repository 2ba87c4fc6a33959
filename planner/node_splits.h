#pragma once

#include <vector>

#include "planner/layout_problem.h"
#include "planner/stage_order.h"

namespace hexgen {

/// One way to cut the devices of a node into tensor-parallel groups; some may stay idle.
struct NodeSplit {
  std::vector<StageCount> stages;
  int num_stages = 0;
};

/// Which splits phase 1 looks at. A level is the least strict one whose arrangements of a whole
/// group stay below a limit, so that small groups are solved exactly and large ones in bounded
/// time.
enum class SplitRule {
  kAll,          // every multiset of TP degrees
  kPowersOfTwo,  // TP degrees 1, 2, 4, 8, ... only
  kUniform,      // one TP degree a node, a power of two
  kWholeNode     // one TP degree a node, a power of two, and no device idle; or the node unused
};

/// Splits of node `node` under the rule, larger TP degrees first; the empty split is last. Options
/// that cannot hold a layer in any role are left out.
std::vector<NodeSplit> node_splits(const LayoutProblem& problem, int node, SplitRule rule);

/// Splits of all nodes under the least strict rule with at most `max_arrangements` combinations
/// (nodes that are the same as the one before count once for each multiset).
struct GroupSplits {
  SplitRule rule = SplitRule::kAll;
  std::vector<std::vector<NodeSplit>> of_node;
};

GroupSplits group_splits(const LayoutProblem& problem, double max_arrangements);

}  // namespace hexgen
