#include "simulator/serving_system.h"

#include "cost_models/price.h"

namespace hexgen {

ServingSystem make_serving_system(const Plan& plan,
                                  const ModelSpec& model,
                                  const Cluster& cluster,
                                  const LayerTables& tables) {
  ServingSystem system = {.replicas = {},
                          .price_per_hour = hexgen::price_per_hour(plan, cluster),
                          .max_context_tokens = model.max_context_tokens};
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    system.replicas.push_back({.name = pipeline.name,
                               .stages = pipeline_cost(model, cluster, pipeline, tables),
                               .weight = pipeline.weight,
                               .max_batch = pipeline.max_batch,
                               .kv_capacity_tokens = pipeline.kv_capacity_tokens});
  }
  return system;
}

int use_profile(const LayerProfile& profile,
                const Plan& plan,
                const ModelSpec& model,
                const Cluster& cluster,
                ServingSystem& system) {
  LayerTables tables;
  tables.add(profile);
  const ServingSystem measured = make_serving_system(plan, model, cluster, tables);
  int stages = 0;
  for (std::size_t r = 0; r < system.replicas.size(); ++r) {
    for (std::size_t s = 0; s < system.replicas[r].stages.size(); ++s) {
      if (const auto& times = measured.replicas[r].stages[s].measured) {
        system.replicas[r].stages[s].measured = times;
        ++stages;
      }
    }
  }
  return stages;
}

}  // namespace hexgen
