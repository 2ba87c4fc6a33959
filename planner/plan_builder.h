#pragma once

#include "cost_models/plan.h"
#include "planner/individual.h"
#include "planner/layout_cache.h"

namespace hexgen {

/// The plan of an individual: each group that can hold the model becomes a pipeline with the layout
/// chosen for it, its share of the requests in proportion to its capacity. Pipelines are sorted by
/// capacity, the largest first. Empty when no group can hold the model. Thread-safe.
Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const Cluster& cluster,
                int num_layers);

/// Price of the nodes that a plan uses; nodes are rented whole.
double used_price_per_hour(const Plan& plan, const Cluster& cluster);

}  // namespace hexgen
