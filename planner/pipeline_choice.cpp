#include "planner/pipeline_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "planner/baselines.h"
#include "planner/group_layout.h"

namespace hexgen {
namespace {

constexpr int kFrontPoints = 3;
constexpr int kUsualLevel = 64;

std::int64_t kv_tokens_for(int batch, const ServiceTarget& target) {
  const double tokens = batch * (target.prompt_tokens + target.output_tokens);
  return std::max(target.longest_request_tokens, static_cast<std::int64_t>(std::ceil(tokens)));
}

LayoutTargets layout_targets(int batch, const ServiceTarget& target) {
  const double context = target.prompt_tokens + target.output_tokens / 2;
  return {.prompt_tokens = target.prompt_tokens,
          .output_tokens = target.output_tokens,
          .batch = static_cast<double>(batch),
          .iteration = decode_shape(batch, context),
          .memory = target.memory,
          .symmetric = target.layouts == LayoutRule::kSymmetric,
          .tp_degrees = target.tp_degrees,
          .tables = target.tables};
}

/// Sorts by latency and keeps the points that have more capacity than all faster ones.
void keep_front(std::vector<OperatingPoint>& points) {
  std::stable_sort(
      points.begin(), points.end(), [](const OperatingPoint& a, const OperatingPoint& b) {
        return a.request_s != b.request_s ? a.request_s < b.request_s
                                          : a.capacity_per_s > b.capacity_per_s;
      });
  double most_per_s = 0;
  std::erase_if(points, [&](const OperatingPoint& point) {
    const bool dominated = point.capacity_per_s <= most_per_s;
    most_per_s = std::max(most_per_s, point.capacity_per_s);
    return dominated;
  });
}

constexpr OperatingPoint kNoPoint = {.request_s = std::numeric_limits<double>::infinity()};

/// Leaves the front, or the fastest point where none meets the limits.
void finish(PipelineChoices& choices, const OperatingPoint& fastest) {
  choices.meets = !choices.points.empty();
  if (!choices.meets && !choices.layouts.empty()) {
    choices.points.push_back(fastest);
  }
  keep_front(choices.points);
}

}  // namespace

PipelineChooser::PipelineChooser(const ModelSpec& model,
                                 const Cluster& cluster,
                                 const ServiceTarget& target)
    : model_(model),
      cluster_(cluster),
      target_(target) {
  const int largest = std::min(target.max_batch, std::max(kUsualLevel, target.max_batch / 4));
  for (int batch = 1; batch <= largest; batch *= 4) {
    levels_.push_back({.min_kv_tokens = kv_tokens_for(batch, target),
                       .tables = StageTables(model, cluster, layout_targets(batch, target))});
  }
}

std::vector<Layout> PipelineChooser::layouts(const LayoutProblem& problem) const {
  switch (target_.layouts) {
    case LayoutRule::kUniform:
      return uniform_layouts(problem);
    case LayoutRule::kProportional:
      return proportional_layouts(problem);
    default:
      return layout_front(problem, kFrontPoints);
  }
}

/// Operating points of the next layout, which is that of `pipeline`; returns the largest batch
/// whose requests stay within the limits, 0 when none does.
int PipelineChooser::add_points(const PipelineGroup& pipeline,
                                PipelineChoices& choices,
                                OperatingPoint& fastest) const {
  const std::vector<StageCost> costs = pipeline_cost(model_, cluster_, pipeline, target_.tables);
  int within_limits = 0;
  for (int batch = 1; batch <= std::min(pipeline.max_batch, target_.max_batch);
       batch += std::max(1, batch / 4)) {
    const ServiceEstimate estimate = estimate_service(costs, target_, batch);
    const OperatingPoint point = {.layout = choices.layouts.size(),
                                  .batch = batch,
                                  .request_s = estimate.request_s,
                                  .capacity_per_s = estimate.capacity_per_s};
    fastest = point.request_s < fastest.request_s ? point : fastest;
    if (!estimate.meets(target_)) {
      break;
    }
    choices.points.push_back(point);
    within_limits = point.request_s <= target_.e2e_s ? batch : within_limits;
  }
  return within_limits;
}

void PipelineChooser::add_layout(const std::vector<PlacedStage>& stages,
                                 const DeviceGroup& group,
                                 PipelineChoices& choices,
                                 OperatingPoint& fastest) const {
  std::vector<int> first_free(static_cast<std::size_t>(cluster_.num_nodes()), 0);
  PipelineGroup pipeline = make_pipeline(stages, group, cluster_, first_free);
  finish_pipeline(
      pipeline, model_, cluster_, target_.prompt_tokens + target_.output_tokens, target_.memory);
  const int within_limits = add_points(pipeline, choices, fastest);
  choices.layouts.push_back({.stages = stages,
                             .max_batch = within_limits > 0
                                              ? within_limits
                                              : std::min(pipeline.max_batch, target_.max_batch),
                             .kv_capacity_tokens = pipeline.kv_capacity_tokens});
}

PipelineChoices PipelineChooser::choices_of(const PipelineGroup& pipeline) const {
  PipelineChoices choices;
  OperatingPoint fastest = kNoPoint;
  add_points(pipeline, choices, fastest);
  choices.layouts.push_back(
      {.max_batch = pipeline.max_batch, .kv_capacity_tokens = pipeline.kv_capacity_tokens});
  finish(choices, fastest);
  return choices;
}

PipelineChoices PipelineChooser::choices(const DeviceGroup& group) const {
  PipelineChoices choices;
  OperatingPoint fastest = kNoPoint;
  std::vector<std::vector<PlacedStage>> known;
  for (const BatchLevel& level : levels_) {
    const LayoutProblem problem = level.tables.problem(group, level.min_kv_tokens);
    for (const Layout& layout : layouts(problem)) {
      const std::vector<PlacedStage> stages = place(problem, layout);
      if (std::find(known.begin(), known.end(), stages) == known.end()) {
        known.push_back(stages);
        add_layout(stages, group, choices, fastest);
      }
    }
  }
  finish(choices, fastest);
  return choices;
}

double PipelineChooser::model_share(int node) const {
  const int gpus = cluster_.nodes()[static_cast<std::size_t>(node)].gpus;
  const BatchLevel& level = levels_.front();
  const LayoutProblem problem =
      level.tables.problem({{.node = node, .devices = gpus}}, level.min_kv_tokens);
  double most = 0;
  for (const StageOption& option : problem.options) {
    for (const RoleLimits& limits : option.roles) {
      most = std::max(most, static_cast<double>(limits.max_layers) / option.tp_degree);
    }
  }
  return most / model_.num_layers;
}

int PipelineChooser::most_layers(const DeviceGroup& group) const {
  return most_layers_that_fit(levels_.front().tables.problem(group, levels_.front().min_kv_tokens));
}

}  // namespace hexgen
