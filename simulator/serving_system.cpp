#include "simulator/serving_system.h"

#include "cost_models/price.h"

namespace hexgen {

ServingSystem make_serving_system(const Plan& plan,
                                  const ModelSpec& model,
                                  const Cluster& cluster) {
  ServingSystem system = {.replicas = {},
                          .price_per_hour = hexgen::price_per_hour(plan, cluster),
                          .max_context_tokens = model.max_context_tokens};
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    system.replicas.push_back({.name = pipeline.name,
                               .stages = pipeline_cost(model, cluster, pipeline),
                               .weight = pipeline.weight,
                               .max_batch = pipeline.max_batch,
                               .kv_capacity_tokens = pipeline.kv_capacity_tokens});
  }
  return system;
}

}  // namespace hexgen
