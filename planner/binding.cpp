#include "planner/binding.h"

#include <algorithm>

#include "planner/mean_demand.h"
#include "planner/service_estimate.h"

namespace hexgen {
namespace {

constexpr double kMore = 1.1;

ServiceTarget mean_target(const PlanningRequest& request) {
  const MeanDemand demand = mean_demand(request.requests);
  return {.prompt_tokens = demand.prompt_tokens,
          .output_tokens = demand.output_tokens,
          .simulation = request.simulation};
}

double capacity_per_s(const std::vector<StageCost>& stages,
                      const PlanningRequest& request,
                      int batch) {
  return estimate_service(stages, mean_target(request), batch).capacity_per_s;
}

void quicken(RooflineTerm& term, Resource resource) {
  if (resource == Resource::kMemoryBandwidth) {
    term.weights_s /= kMore;
    term.memory_s_per_row /= kMore;
  }
  if (resource == Resource::kCompute) {
    term.compute_s_per_row /= kMore;
  }
}

/// The stage with 10 % more of one resource.
StageCost quickened(StageCost stage, Resource resource) {
  for (RooflineTerm& gemm : stage.gemms) {
    quicken(gemm, resource);
  }
  quicken(stage.lm_head, resource);
  switch (resource) {
    case Resource::kMemoryBandwidth:
      stage.elementwise_s_per_token /= kMore;
      stage.kv_read_s_per_token /= kMore;
      break;
    case Resource::kCompute:
      stage.prefill_s_per_pair /= kMore;
      break;
    case Resource::kOverhead:
      stage.overhead_s /= kMore;
      break;
    case Resource::kAllReduce:
      stage.all_reduce_s /= kMore;
      stage.all_reduce_s_per_token /= kMore;
      break;
    case Resource::kHandoff:
      stage.handoff_s /= kMore;
      stage.handoff_s_per_token /= kMore;
      stage.handoff_s_per_sequence /= kMore;
      break;
    case Resource::kKvRoom:
      break;
  }
  return stage;
}

bool limited_by_kv(const PipelineGroup& pipeline, const PlanningRequest& request) {
  const MeanDemand demand = mean_demand(request.requests);
  const double tokens = demand.prompt_tokens + demand.output_tokens;
  return pipeline.max_batch < request.max_batch &&
         (pipeline.max_batch + 1) * tokens > static_cast<double>(pipeline.kv_capacity_tokens);
}

/// Of the room for one more request, as much as is 10 % of what there is.
double gain_of_kv(const std::vector<StageCost>& stages,
                  const PipelineGroup& pipeline,
                  const PlanningRequest& request) {
  const int batch = pipeline.max_batch;
  const double now = capacity_per_s(stages, request, batch);
  return (kMore - 1) * batch * (capacity_per_s(stages, request, batch + 1) / now - 1);
}

}  // namespace

double pipeline_capacity_per_s(const PipelineGroup& pipeline, const PlanningRequest& request) {
  const auto stages = pipeline_cost(request.model, request.cluster, pipeline, request.tables);
  return capacity_per_s(stages, request, pipeline.max_batch);
}

double plan_capacity_per_s(const Plan& plan, const PlanningRequest& request) {
  double capacity_per_s = 0;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    capacity_per_s += pipeline_capacity_per_s(pipeline, request);
  }
  return capacity_per_s;
}

std::vector<Binding> bindings(const PipelineGroup& pipeline, const PlanningRequest& request) {
  std::vector<StageCost> stages = pipeline_cost(request.model, request.cluster, pipeline);
  const double now = capacity_per_s(stages, request, pipeline.max_batch);
  std::vector<Binding> found;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    for (const Resource resource : {Resource::kMemoryBandwidth,
                                    Resource::kCompute,
                                    Resource::kOverhead,
                                    Resource::kAllReduce,
                                    Resource::kHandoff}) {
      const StageCost as_it_is = stages[s];
      stages[s] = quickened(as_it_is, resource);
      found.push_back({.resource = resource,
                       .stage = static_cast<int>(s),
                       .gain = capacity_per_s(stages, request, pipeline.max_batch) / now - 1});
      stages[s] = as_it_is;
    }
  }
  if (limited_by_kv(pipeline, request)) {
    found.push_back({.resource = Resource::kKvRoom, .gain = gain_of_kv(stages, pipeline, request)});
  }
  std::stable_sort(found.begin(), found.end(), [](const Binding& a, const Binding& b) {
    return a.gain > b.gain;
  });
  return found;
}

}  // namespace hexgen
