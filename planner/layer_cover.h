#pragma once

#include <array>
#include <vector>

#include "planner/layout_problem.h"

namespace hexgen {

/// Layers every option has room for in every role when no stage may take longer than a cap.
/// [option][role]
using LayerCaps = std::vector<std::array<int, kNumStageRoles>>;

LayerCaps layer_caps(const LayoutProblem& problem, double max_stage_s);

/// Most layers that one pipeline over the devices of the group can hold under the caps (at most
/// num_layers are needed; more means room to spare). 0 when not even two ends or a single stage
/// exist.
///
/// Knapsack over the devices of each node with flags "the first stage is placed", "the last stage
/// is placed": O(sum over nodes of devices * options of the node). No order and no layer numbers
/// are needed, because a stage's limit depends on its own devices and role alone.
int most_layers(const LayoutProblem& problem, const LayerCaps& caps);

}  // namespace hexgen
