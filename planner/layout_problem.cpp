#include "planner/layout_problem.h"

#include <algorithm>

namespace hexgen {

StageRole stage_role(std::size_t index, std::size_t count) {
  if (count == 1) {
    return StageRole::kOnly;
  }
  if (index == 0) {
    return StageRole::kFirst;
  }
  return index + 1 == count ? StageRole::kLast : StageRole::kMiddle;
}

Layout price_layout(const LayoutProblem& problem, std::vector<StageChoice> stages) {
  Layout layout;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const StageOption& option = problem.option(stages[s].option);
    const RoleLimits& limits = option.role(stage_role(s, stages.size()));
    layout.latency_s += limits.latency_s + option.latency_s_per_layer * stages[s].num_layers;
    layout.bottleneck_s =
        std::max(layout.bottleneck_s,
                 limits.iteration_s + option.iteration_s_per_layer * stages[s].num_layers);
    if (s + 1 < stages.size()) {
      layout.latency_s += problem.handoff(stages[s].option, stages[s + 1].option);
    }
  }
  if (stages.size() > 1) {
    layout.latency_s += problem.token_return(stages.back().option, stages.front().option);
  }
  layout.stages = std::move(stages);
  return layout;
}

}  // namespace hexgen
