#pragma once

#include <limits>
#include <vector>

#include "cost_models/objective.h"
#include "planner/pipeline_choice.h"

namespace hexgen {

/// What the requests are divided for.
struct DivisionGoal {
  ObjectiveKind objective = ObjectiveKind::kRate;
  BatchPolicyKind policy = BatchPolicyKind::kContinuous;
  double e2e_s = std::numeric_limits<double>::infinity();  // limit of a mean request
  double rate_per_s = 1;                                   // of the workload
};

/// How requests are divided among pipelines, at which operating point each works, and what is
/// expected of it.
struct RequestDivision {
  std::vector<double> shares;                 // sum 1; 0 for pipelines that only do harm
  std::vector<const OperatingPoint*> points;  // null where the share is 0
  double rate_per_s = 0;                      // served within limit_s
  double limit_s = 0;                         // E2E latency that 99 % stay within
};

/// Requests per second that 99 % in time leave one pipeline with at `point` when it gets a `share`
/// of all requests.
/// One batch: the tail of the wait falls as exp(-2 (1 - load) / (load * share) * slack / service)
/// (Kingman's heavy-traffic form): weighted round robin makes its gaps sums of 1 / share Poisson
/// gaps, with squared coefficient of variation `share`, and service is constant.
/// Continuous: the capacity, if a request then takes at most limit_s.
double rate_within(const OperatingPoint& point,
                   double limit_s,
                   double share,
                   BatchPolicyKind policy);

/// Objective rate: every pipeline works at the point with the highest rate within the goal's limit,
/// and shares are in proportion to these rates. Other objectives: the same at the smallest limit at
/// which the rates add up to the workload's, or at no limit when they never do. Shares and rates
/// depend on each other; the fixed point is reached by iteration from equal shares. Pipelines that
/// miss the limits on TTFT or TPOT get no requests unless all do. `leniency` is a factor on the
/// limit: the larger it is, the more slow pipelines take part and the closer shares are to
/// capacity.
RequestDivision divide_requests(const std::vector<const PipelineChoices*>& pipelines,
                                const DivisionGoal& goal,
                                double leniency = 1);

}  // namespace hexgen
