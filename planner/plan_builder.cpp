#include "planner/plan_builder.h"

#include <algorithm>
#include <numeric>

namespace hexgen {
namespace {

/// The groups that can hold the model.
std::vector<LayoutCache::Answer> able_groups(const Individual& individual, LayoutCache& layouts) {
  std::vector<LayoutCache::Answer> answers;
  for (const DeviceGroup& group : individual.groups) {
    LayoutCache::Answer answer = layouts.choices(group);
    if (!answer.choices->layouts.empty()) {
      answers.push_back(std::move(answer));
    }
  }
  return answers;
}

RequestDivision divide(const std::vector<LayoutCache::Answer>& groups,
                       const DivisionGoal& goal,
                       double leniency) {
  std::vector<const PipelineChoices*> choices;
  for (const LayoutCache::Answer& group : groups) {
    choices.push_back(group.choices);
  }
  return divide_requests(choices, goal, leniency);
}

}  // namespace

Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const DivisionGoal& goal,
                const Cluster& cluster,
                int num_layers) {
  const std::vector<LayoutCache::Answer> groups = able_groups(individual, layouts);
  const RequestDivision division = divide(groups, goal, leniency_factor(individual));
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return division.shares[a] > division.shares[b];
  });
  std::vector<int> first_free(static_cast<std::size_t>(cluster.num_nodes()), 0);
  std::vector<PipelineGroup> pipelines;
  for (const std::size_t g : order) {
    if (division.points[g] == nullptr) {
      continue;
    }
    const OperatingPoint& point = *division.points[g];
    const PipelineLayout& layout = groups[g].choices->layouts[point.layout];
    PipelineGroup pipeline = make_pipeline(layout.stages, groups[g].group, cluster, first_free);
    pipeline.name = "p" + std::to_string(pipelines.size());
    pipeline.weight = division.shares[g];
    pipeline.max_batch = goal.policy == BatchPolicyKind::kOneBatch ? point.batch : layout.max_batch;
    pipeline.kv_capacity_tokens = layout.kv_capacity_tokens;
    pipelines.push_back(std::move(pipeline));
  }
  return {std::move(pipelines), num_layers, cluster.num_devices()};
}

RequestDivision expected_division(const Individual& individual,
                                  LayoutCache& layouts,
                                  const DivisionGoal& goal) {
  return divide(able_groups(individual, layouts), goal, 1);
}

}  // namespace hexgen
