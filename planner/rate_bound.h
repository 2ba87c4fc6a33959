#pragma once

#include "planner/stage_terms.h"
#include "simulator/load_test.h"

namespace hexgen {

/// Highest rate at which a plan over the space's cluster can serve the load test's requests in the
/// long run, kTargetAttainment of them within the SLO if `in_time`: the lower one of
/// throughput_bound() with and without the SLO, in terms of the test's nominal rate, below which a
/// draw may by chance come in. `terms` are given without the time allowed.
double rate_bound_per_s(const ModelSpec& model,
                        const SearchSpace& space,
                        const LoadTest& load_test,
                        ServiceTerms terms,
                        bool in_time);

}  // namespace hexgen
