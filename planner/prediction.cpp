#include "planner/prediction.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "cost_models/plan_report.h"
#include "cost_models/price.h"
#include "planner/mean_demand.h"

namespace hexgen {
namespace {

std::string text_of(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

double fastest_request_s(const Plan& plan, const PlanningRequest& request) {
  const MeanDemand demand = mean_demand(request.requests);
  double fastest_s = std::numeric_limits<double>::infinity();
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    const auto costs = pipeline_cost(request.model, request.cluster, pipeline, request.tables);
    fastest_s = std::min(
        fastest_s, request_latency(costs, demand.prompt_tokens, demand.output_tokens).total_s());
  }
  return fastest_s;
}

}  // namespace

PlanPrediction predict(const Plan& plan, const Planning& planning) {
  const PlanningRequest& request = planning.request();
  const LoadTest& load_test = planning.evaluator().load_test();
  const ServingSystem system =
      make_serving_system(plan, request.model, request.cluster, request.tables);
  const SimulationResult result = load_test.play(system, load_test.rate_per_s());
  PlanPrediction predicted = {
      .slo_attainment = slo_attainment(result.requests, load_test.level(), load_test.window()),
      .request_latency_s = fastest_request_s(plan, request),
      .price_per_hour = price_per_hour(plan, request.cluster)};
  if (request.tables.empty()) {  // the bound is made of the cost model's rooflines
    predicted.upper_bound_per_s = planning.upper_bound_per_s();
  }
  if (request.objective == ObjectiveKind::kRate) {
    predicted.goodput_per_s = planning.evaluator().evaluate(plan).score;
  }
  if (load_test.level().has_reference()) {
    const double scale =
        nearest_rank(normalised_latencies(result.requests, load_test.level(), load_test.window()),
                     kTargetAttainment);
    if (std::isfinite(scale)) {
      predicted.slo_scale = scale;
    }
  }
  return predicted;
}

std::vector<Extrapolation> predicted_outside(const Plan& plan, const PlanningRequest& request) {
  const MeanDemand demand = mean_demand(request.requests);
  return plan_extrapolations(
      request.model, request.cluster, plan, demand.prompt_tokens, demand.output_tokens);
}

std::string describe_prediction(const PlanFile& file) {
  const PlanPrediction& predicted = file.predicted;
  const std::size_t pipelines = file.plan.pipelines().size();
  std::string text = std::to_string(pipelines) + (pipelines == 1 ? " pipeline" : " pipelines");
  text +=
      text_of(", %.1f %% of requests within the SLO", 100 * predicted.slo_attainment.value_or(0));
  if (predicted.slo_scale) {
    text += text_of(", 99 %% within %.2f x the reference latency", *predicted.slo_scale);
  }
  if (predicted.goodput_per_s) {
    text += text_of(", up to %.3f requests/s", *predicted.goodput_per_s);
  }
  if (predicted.upper_bound_per_s) {
    text += text_of(" (no plan serves more than %.3f/s", *predicted.upper_bound_per_s);
    if (const std::optional<double> gap = gap_to_bound(predicted)) {
      text += text_of(", a gap of %.1f %%", 100 * *gap);
    }
    text += ")";
  }
  return text + text_of(", $%.2f per hour", predicted.price_per_hour.value_or(0));
}

}  // namespace hexgen
