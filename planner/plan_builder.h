#pragma once

#include "cost_models/plan.h"
#include "planner/individual.h"
#include "planner/layout_cache.h"
#include "planner/request_division.h"
#include "planner/running_pipelines.h"

namespace hexgen {

/// The plan of an individual: each group that can hold the model and gets requests by
/// divide_requests() becomes a pipeline with the layout of its operating point, or stays the
/// running pipeline that it is but for its share. Pipelines are sorted by their share, the largest
/// first. Empty when no group can hold the model. Thread-safe.
Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const RunningPipelines& running,
                const DivisionGoal& goal,
                const Cluster& cluster,
                int num_layers);

/// The division behind build_plan() alone, with leniency 0. Thread-safe.
RequestDivision expected_division(const Individual& individual,
                                  LayoutCache& layouts,
                                  const RunningPipelines& running,
                                  const DivisionGoal& goal);

}  // namespace hexgen
