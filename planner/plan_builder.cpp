#include "planner/plan_builder.h"

#include <algorithm>
#include <set>

namespace hexgen {

Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const Cluster& cluster,
                int num_layers) {
  std::vector<LayoutCache::Answer> answers;
  for (const DeviceGroup& group : individual.groups) {
    LayoutCache::Answer answer = layouts.choose(group);
    if (answer.choice->has_value()) {
      answers.push_back(std::move(answer));
    }
  }
  std::stable_sort(answers.begin(),
                   answers.end(),
                   [](const LayoutCache::Answer& a, const LayoutCache::Answer& b) {
                     return (*a.choice)->capacity_per_s > (*b.choice)->capacity_per_s;
                   });
  double total_per_s = 0;
  for (const LayoutCache::Answer& answer : answers) {
    total_per_s += (*answer.choice)->capacity_per_s;
  }
  std::vector<int> first_free(static_cast<std::size_t>(cluster.num_nodes()), 0);
  std::vector<PipelineGroup> pipelines;
  for (const LayoutCache::Answer& answer : answers) {
    const PipelineChoice& choice = **answer.choice;
    PipelineGroup pipeline = make_pipeline(choice.stages, answer.group, cluster, first_free);
    pipeline.name = "p" + std::to_string(pipelines.size());
    pipeline.weight = choice.capacity_per_s / total_per_s;
    pipeline.max_batch = choice.max_batch;
    pipeline.kv_capacity_tokens = choice.kv_capacity_tokens;
    pipelines.push_back(std::move(pipeline));
  }
  return {std::move(pipelines), num_layers, cluster.num_devices()};
}

double used_price_per_hour(const Plan& plan, const Cluster& cluster) {
  std::set<int> nodes;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      nodes.insert(cluster.device(stage.devices.front()).node);
    }
  }
  double price = 0;
  for (const int node : nodes) {
    price += cluster.nodes()[static_cast<std::size_t>(node)].price_per_hour;
  }
  return price;
}

}  // namespace hexgen
