#include "simulator/serving_system.h"

#include <algorithm>

#include "cost_models/price.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

bool matches(const LayerProfile& profile, const Stage& stage, const Cluster& cluster) {
  return stage.tp_degree() == profile.tp_degree &&
         std::all_of(stage.devices.begin(), stage.devices.end(), [&](int device) {
           return cluster.gpu_of(device).name == profile.gpu_type;
         });
}

}  // namespace

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

int use_profile(const LayerProfile& profile,
                const Plan& plan,
                const ModelSpec& model,
                const Cluster& cluster,
                ServingSystem& system) {
  if (!equal_ignoring_case(profile.model, model.name)) {
    return 0;
  }
  const auto layers = std::make_shared<const MeasuredLayers>(profile);
  int stages = 0;
  for (std::size_t p = 0; p < plan.pipelines().size(); ++p) {
    const auto& pipeline = plan.pipelines()[p].stages;
    auto& measured = system.replicas[p].measured;
    measured.resize(pipeline.size());
    for (std::size_t s = 0; s < pipeline.size(); ++s) {
      if (matches(profile, pipeline[s], cluster)) {
        measured[s] = {.layers = layers,
                       .num_layers = pipeline[s].num_layers,
                       .first = s == 0,
                       .last = s + 1 == pipeline.size()};
        ++stages;
      }
    }
  }
  return stages;
}

}  // namespace hexgen
