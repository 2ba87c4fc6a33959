#pragma once

#include "cost_models/plan.h"
#include "planner/individual.h"
#include "planner/layout_cache.h"

namespace hexgen {

/// The plan of an individual: each group that can hold the model becomes a pipeline with the layout
/// chosen for it. Its share of the requests is in proportion to the rate it serves within the
/// limits at that share (a fixed point), so none goes where limits cannot be met, unless they can
/// be met nowhere. Pipelines are sorted by capacity, the largest first. Empty when no group can
/// hold the model. Thread-safe.
Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const Cluster& cluster,
                int num_layers,
                BatchPolicyKind policy);

/// Requests per second that the pipelines of an individual are expected to serve within the limits,
/// without simulation. Thread-safe.
double estimated_rate(const Individual& individual, LayoutCache& layouts, BatchPolicyKind policy);

}  // namespace hexgen
