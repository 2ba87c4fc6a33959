#include "simulator/serving_system.h"

namespace hexgen {

ServingSystem make_serving_system(const Plan& plan,
                                  const ModelSpec& model,
                                  const Cluster& cluster) {
  ServingSystem system = {.replicas = {}, .price_per_hour = cluster.price_per_hour()};
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
