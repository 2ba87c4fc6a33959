#include "planner/plan_constraints.h"

#include <algorithm>
#include <cstdio>

#include "cost_models/price.h"

namespace hexgen {

double violation(const Plan& plan, const Cluster& cluster, const PlanConstraints& constraints) {
  const auto pipelines = static_cast<double>(plan.pipelines().size());
  double sum = std::max(0.0, (constraints.min_pipelines - pipelines) / constraints.min_pipelines);
  if (constraints.max_price_per_hour) {
    const double budget = *constraints.max_price_per_hour;
    sum += std::max(0.0, (price_per_hour(plan, cluster) - budget) / budget);
  }
  return sum;
}

std::string describe(const PlanConstraints& constraints) {
  std::string text;
  if (constraints.min_pipelines > 1) {
    text = "at least " + std::to_string(constraints.min_pipelines) + " pipelines";
  }
  if (constraints.max_price_per_hour) {
    char price[64];
    std::snprintf(price, sizeof price, "at most $%.2f per hour", *constraints.max_price_per_hour);
    text += (text.empty() ? "" : " and ") + std::string(price);
  }
  return text;
}

}  // namespace hexgen
