#pragma once

#include <optional>
#include <string>

#include "cost_models/plan.h"
#include "profiles/cluster.h"

namespace hexgen {

/// What a plan as a whole must keep to, besides the limits on latency.
struct PlanConstraints {
  std::optional<double> max_price_per_hour;  // of the nodes used
  int min_pipelines = 1;

  bool any() const { return max_price_per_hour || min_pipelines > 1; }
};

/// 0 when the plan keeps to all of them; otherwise larger the farther it is from that.
double violation(const Plan& plan, const Cluster& cluster, const PlanConstraints& constraints);

/// "at least 3 pipelines and at most $12.50 per hour", for messages; empty without constraints.
std::string describe(const PlanConstraints& constraints);

}  // namespace hexgen
