#pragma once

#include <vector>

#include "planner/layout_problem.h"
#include "planner/search.h"
#include "planner/search_space.h"

namespace hexgen {

/// Layouts as the optimizer released with the HexGen paper makes them: every node is cut completely
/// into TP groups of 1, 2, 3, 4, 6 or 8 devices, at most 8 a node, small ones first; nodes follow
/// each other in order; layers are divided evenly with the remainder at the end, then shifted from
/// one end to the other by a bias. Its search mutates the bias; here the best of -8 .. 8 is taken.
/// The one of lowest latency, or none.
std::vector<Layout> uniform_layouts(const LayoutProblem& problem);

/// Layouts as planners make them that divide the layers by memory: in proportion to what the stages
/// have room for. Nodes follow each other in order and are cut into TP groups of one degree, the
/// same for nodes with equally many devices. The one of lowest latency and the one of lowest
/// bottleneck, or none.
std::vector<Layout> proportional_layouts(const LayoutProblem& problem);

/// The released optimizer's search with the repairs it needs to be a search: selection works (its
/// tournament always fell back to a random choice) and the elites survive. Groups never leave their
/// region; the start is one group a region; a child changes every region, with equal chance, by
/// moving one device between two groups (of the type that prevails in the receiving group, if the
/// other has it) or by adjusting the groups: merge two with probability 0.001, else split one in
/// halves. A change that leaves a group too small for the model is undone.
/// Keeps a reference to `space`.
SearchStrategy released_strategy(const SearchSpace& space);

}  // namespace hexgen
