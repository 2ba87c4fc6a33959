#pragma once

#include <vector>

#include "cost_models/plan.h"
#include "planner/planning.h"

namespace hexgen {

/// What may hold a pipeline back. All but the last belong to one stage.
enum class Resource {
  kMemoryBandwidth,  // reading weights, KV cache and activations
  kCompute,          // FLOPs of the GEMMs and of prefill attention
  kOverhead,         // kernel launches
  kAllReduce,        // inside the tensor-parallel group
  kHandoff,          // to the next stage; of the last one, back to the first
  kKvRoom            // requests in flight
};

/// How much a pipeline would gain by 10 % more of a resource.
struct Binding {
  Resource resource = Resource::kMemoryBandwidth;
  int stage = -1;   // -1: kKvRoom
  double gain = 0;  // share of the pipeline's capacity in requests/s
};

/// Requests per second of one pipeline with max_batch mean requests in flight
/// (planner/service_estimate.h).
double pipeline_capacity_per_s(const PipelineGroup& pipeline, const PlanningRequest& request);

/// The same summed over the plan's pipelines.
double plan_capacity_per_s(const Plan& plan, const PlanningRequest& request);

/// Every resource of a pipeline, the one with the largest gain first: it binds. Times are divided
/// by 1.1 one by one and the capacity is computed anew; KV room counts while it, and nothing else,
/// limits max_batch.
std::vector<Binding> bindings(const PipelineGroup& pipeline, const PlanningRequest& request);

}  // namespace hexgen
