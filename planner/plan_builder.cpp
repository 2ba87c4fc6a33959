#include "planner/plan_builder.h"

#include <algorithm>
#include <numeric>

namespace hexgen {
namespace {

/// A group that can hold the model.
struct AbleGroup {
  const PipelineChoices* choices = nullptr;
  DeviceGroup group;                       // that the stages of the choices refer to
  const PipelineGroup* running = nullptr;  // the pipeline that it is already
};

std::vector<AbleGroup> able_groups(const Individual& individual,
                                   LayoutCache& layouts,
                                   const RunningPipelines& running) {
  const std::vector<const RunningPipeline*> known = running.find(individual.groups);
  std::vector<AbleGroup> able;
  for (std::size_t g = 0; g < known.size(); ++g) {
    if (known[g] != nullptr) {
      able.push_back({.choices = &known[g]->choices, .running = &known[g]->pipeline});
      continue;
    }
    LayoutCache::Answer answer = layouts.choices(individual.groups[g]);
    if (!answer.choices->layouts.empty()) {
      able.push_back({.choices = answer.choices, .group = std::move(answer.group)});
    }
  }
  return able;
}

RequestDivision divide(const std::vector<AbleGroup>& groups,
                       const DivisionGoal& goal,
                       double leniency) {
  std::vector<const PipelineChoices*> choices;
  for (const AbleGroup& group : groups) {
    choices.push_back(group.choices);
  }
  return divide_requests(choices, goal, leniency);
}

/// Gives new pipelines the devices and names that running ones leave.
class PipelineMaker {
 public:
  PipelineMaker(const std::vector<AbleGroup>& groups,
                const Cluster& cluster,
                const RunningPipelines& running)
      : cluster_(cluster),
        running_(running),
        first_free_(static_cast<std::size_t>(cluster.num_nodes()), 0) {
    std::vector<bool> used(static_cast<std::size_t>(cluster.num_devices()), false);
    for (const AbleGroup& group : groups) {
      for (const Stage& stage : group.running ? group.running->stages : std::vector<Stage>{}) {
        for (const int device : stage.devices) {
          used[static_cast<std::size_t>(device)] = true;
        }
      }
    }
    free_.resize(first_free_.size());
    for (int device = 0; device < cluster.num_devices(); ++device) {
      if (!used[static_cast<std::size_t>(device)]) {
        free_[static_cast<std::size_t>(cluster.device(device).node)].push_back(device);
      }
    }
  }

  PipelineGroup make(const PipelineLayout& layout, const DeviceGroup& group) {
    PipelineGroup pipeline = make_pipeline(layout.stages, group, cluster_, first_free_);
    for (Stage& stage : pipeline.stages) {
      for (int& device : stage.devices) {
        const Device& position = cluster_.device(device);
        device = free_[static_cast<std::size_t>(position.node)]
                      [static_cast<std::size_t>(position.index)];
      }
    }
    do {
      pipeline.name = "p" + std::to_string(next_name_++);
    } while (running_.has_name(pipeline.name));
    return pipeline;
  }

 private:
  const Cluster& cluster_;
  const RunningPipelines& running_;
  std::vector<int> first_free_;         // [node]: how many of free_ are taken
  std::vector<std::vector<int>> free_;  // [node]: devices
  int next_name_ = 0;
};

}  // namespace

Plan build_plan(const Individual& individual,
                LayoutCache& layouts,
                const RunningPipelines& running,
                const DivisionGoal& goal,
                const Cluster& cluster,
                int num_layers) {
  const std::vector<AbleGroup> groups = able_groups(individual, layouts, running);
  const RequestDivision division = divide(groups, goal, leniency_factor(individual));
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return division.shares[a] > division.shares[b];
  });
  PipelineMaker maker(groups, cluster, running);
  std::vector<PipelineGroup> pipelines;
  for (const std::size_t g : order) {
    if (division.points[g] == nullptr) {
      continue;
    }
    const OperatingPoint& point = *division.points[g];
    const PipelineLayout& layout = groups[g].choices->layouts[point.layout];
    if (groups[g].running != nullptr) {
      pipelines.push_back(*groups[g].running);
    } else {
      pipelines.push_back(maker.make(layout, groups[g].group));
      pipelines.back().max_batch =
          goal.policy == BatchPolicyKind::kOneBatch ? point.batch : layout.max_batch;
      pipelines.back().kv_capacity_tokens = layout.kv_capacity_tokens;
    }
    pipelines.back().weight = division.shares[g];
  }
  return {std::move(pipelines), num_layers, cluster.num_devices()};
}

RequestDivision expected_division(const Individual& individual,
                                  LayoutCache& layouts,
                                  const RunningPipelines& running,
                                  const DivisionGoal& goal) {
  return divide(able_groups(individual, layouts, running), goal, 1);
}

}  // namespace hexgen
