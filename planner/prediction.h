#pragma once

#include <string>
#include <vector>

#include "cost_models/extrapolation.h"
#include "cost_models/plan_json.h"
#include "planner/planning.h"

namespace hexgen {

/// What the search expects of a plan: figures of merit by simulation of the request's draw, the
/// bound on any plan, the latency of a mean request alone on the fastest pipeline, the price.
/// `objective` is left out.
PlanPrediction predict(const Plan& plan, const Planning& planning);

/// Operators of the plan whose times leave what the cluster's profiles measured, for mean requests.
std::vector<Extrapolation> predicted_outside(const Plan& plan, const PlanningRequest& request);

/// One line for a person: "9 pipelines, 99.3 % of requests in time at 1 /s, up to 2.07 /s (bound
/// 3.15 /s), $65.04 per hour".
std::string describe_prediction(const PlanFile& file);

}  // namespace hexgen
