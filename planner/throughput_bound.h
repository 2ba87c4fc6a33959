#pragma once

#include "planner/search_space.h"
#include "planner/stage_terms.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// Requests per second within `time_allowed_s` that no plan over the space's cluster can exceed in
/// the long run. Stages lie within a node, and every pipeline serves the workload's mix of
/// requests. docs/SEARCH.md has the proof; in short:
///
/// Let the stage j of a pipeline have l_j of L layers, w_j = l_j / L, and let b be the pipeline's
/// mean number of rows a decode step. Then, with busy_j(b) the time of the stage for a request's
/// share of the iterations, and pass_j(b) the time that a request itself spends in the stage,
///   rate <= 1 / busy_j(b),  sum of pass_j(b) <= time allowed,  rate * sum of pass_j(b) <= requests
/// in flight, of which KV room and max_batch allow so many. Averaging with weights w_j and adding a
/// multiple m >= 0 of what is left of a limit makes a sum of terms of single stages:
///   rate <= sum of w_j / busy_j(b) + m * (w_j * allowed - pass_j(b)).
/// One batch at a time rate <= 1 / sum of busy_j(b) <= sum of w_j^2 / busy_j(b), by Jensen. A
/// device is worth at most its largest such term over all degrees, layers and b, divided by the
/// degree; m is chosen for each b to make the sum over the devices small.
///
/// Links count where they cannot be avoided (forced_crossing.h); nodes from which no request comes
/// back in time are worth nothing. Transfers delay and do not contend, as in the planner's
/// simulation; contention only lowers rates.
double throughput_bound(const ModelSpec& model,
                        const SearchSpace& space,
                        const ServiceTerms& terms);

}  // namespace hexgen
