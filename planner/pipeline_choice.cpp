#include "planner/pipeline_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "planner/baselines.h"
#include "planner/group_layout.h"

namespace hexgen {
namespace {

constexpr int kFrontPoints = 3;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTypicalShare = 0.125;  // of the requests, for a pipeline among several

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
          .symmetric = target.layouts == LayoutRule::kSymmetric};
}

double pass_s(const std::vector<StageCost>& stages, const BatchShape& shape) {
  double sum = 0;
  for (const StageCost& stage : stages) {
    sum += stage.iteration_s(shape) + stage.handoff_time_s(shape);
  }
  return sum;
}

double slowest_s(const std::vector<StageCost>& stages, const BatchShape& shape) {
  double slowest = 0;
  for (const StageCost& stage : stages) {
    slowest = std::max(slowest, stage.iteration_s(shape));
  }
  return slowest;
}

PipelineEstimate estimate_one_batch(const std::vector<StageCost>& stages,
                                    const ServiceTarget& target,
                                    int batch) {
  const RequestLatency latency =
      request_latency(stages, target.prompt_tokens, target.output_tokens, batch);
  return {.request_s = latency.total_s(),
          .first_token_s = latency.prefill_s,
          .token_s = latency.decode_s / std::max(1.0, target.output_tokens - 1),
          .capacity_per_s = batch / latency.total_s()};
}

PipelineEstimate estimate_continuous(const std::vector<StageCost>& stages,
                                     const ServiceTarget& target,
                                     int batch) {
  const double context = target.prompt_tokens + target.output_tokens / 2;
  const auto micro_batches = std::min(static_cast<double>(stages.size()), double(batch));
  const BatchShape decode = decode_shape(batch / micro_batches, context);
  const BatchShape prefill = prefill_shape(target.prompt_tokens);
  const double cycle_s =
      std::max(pass_s(stages, decode), micro_batches * slowest_s(stages, decode));
  const double prefill_s = pass_s(stages, prefill) - stages.back().handoff_time_s(prefill);
  // While a request decodes, the other requests in flight each prefill once on every stage.
  const double others_s = (batch - 1) * slowest_s(stages, prefill);
  const double decode_s = (target.output_tokens - 1) * cycle_s + others_s;
  return {.request_s = prefill_s + decode_s,
          .first_token_s = prefill_s,
          .token_s = decode_s / std::max(1.0, target.output_tokens - 1),
          .capacity_per_s = batch / (prefill_s + decode_s)};
}

}  // namespace

bool PipelineEstimate::meets(const ServiceTarget& target) const {
  return first_token_s <= target.ttft_s.value_or(first_token_s) &&
         token_s <= target.tpot_s.value_or(token_s) &&
         request_s <= target.e2e_s.value_or(request_s);
}

PipelineEstimate estimate_pipeline(const std::vector<StageCost>& stages,
                                   const ServiceTarget& target,
                                   int batch) {
  return target.simulation.policy == BatchPolicyKind::kOneBatch
             ? estimate_one_batch(stages, target, batch)
             : estimate_continuous(stages, target, batch);
}

double rate_within_slack(const PipelineChoice& choice, double share, BatchPolicyKind policy) {
  if (policy != BatchPolicyKind::kOneBatch || choice.slack_s == kInfinity) {
    return choice.capacity_per_s;
  }
  constexpr double kLn100 = 4.605170186;
  const double queue_s = kLn100 / 2 * share * choice.request_s;
  const double slack_s = std::max(choice.slack_s, 0.0);
  return choice.capacity_per_s * slack_s / (slack_s + queue_s);
}

PipelineChooser::PipelineChooser(const ModelSpec& model,
                                 const Cluster& cluster,
                                 const ServiceTarget& target)
    : model_(model),
      cluster_(cluster),
      target_(target) {
  for (int batch = 1; batch <= std::min(target.max_batch, 64); batch *= 4) {
    levels_.push_back({.min_kv_tokens = kv_tokens_for(batch, target),
                       .tables = StageTables(model, cluster, layout_targets(batch, target))});
  }
}

bool PipelineChooser::Candidate::better_than(const Candidate& other) const {
  if (meets != other.meets) {
    return meets;
  }
  return meets ? rate_per_s > other.rate_per_s : alone_s < other.alone_s;
}

PipelineChooser::Candidate PipelineChooser::judge(const std::vector<PlacedStage>& stages,
                                                  const DeviceGroup& group) const {
  std::vector<int> first_free(static_cast<std::size_t>(cluster_.num_nodes()), 0);
  PipelineGroup pipeline = make_pipeline(stages, group, cluster_, first_free);
  finish_pipeline(
      pipeline, model_, cluster_, target_.prompt_tokens + target_.output_tokens, target_.memory);
  const std::vector<StageCost> costs = pipeline_cost(model_, cluster_, pipeline);
  const auto with_batch = [&](int batch) {
    const PipelineEstimate estimate = estimate_pipeline(costs, target_, batch);
    Candidate candidate = {
        .choice = {.stages = stages,
                   .max_batch = batch,
                   .kv_capacity_tokens = pipeline.kv_capacity_tokens,
                   .capacity_per_s = estimate.capacity_per_s,
                   .request_s = estimate.request_s,
                   .slack_s = target_.e2e_s.value_or(kInfinity) - estimate.request_s},
        .meets = estimate.meets(target_)};
    candidate.rate_per_s =
        rate_within_slack(candidate.choice, kTypicalShare, target_.simulation.policy);
    return candidate;
  };
  const int most = std::min(pipeline.max_batch, target_.max_batch);
  Candidate best = with_batch(1);
  best.alone_s = best.choice.request_s;
  for (int batch = 2; batch <= most && best.meets; batch += std::max(1, batch / 4)) {
    Candidate candidate = with_batch(batch);
    if (candidate.meets && candidate.rate_per_s > best.rate_per_s) {
      candidate.alone_s = best.alone_s;
      best = std::move(candidate);
    }
  }
  if (!best.meets) {
    best.choice.max_batch = most;
  }
  return best;
}

std::vector<Layout> PipelineChooser::candidates(const LayoutProblem& problem) const {
  return target_.layouts == LayoutRule::kUniform ? uniform_layouts(problem)
                                                 : layout_front(problem, kFrontPoints);
}

std::optional<PipelineChoice> PipelineChooser::choose(const DeviceGroup& group) const {
  std::optional<Candidate> best;
  for (const BatchLevel& level : levels_) {
    const LayoutProblem problem = level.tables.problem(group, level.min_kv_tokens);
    for (const Layout& layout : candidates(problem)) {
      Candidate candidate = judge(place(problem, layout), group);
      if (!best || candidate.better_than(*best)) {
        best = std::move(candidate);
      }
    }
  }
  return best ? std::optional(std::move(best->choice)) : std::nullopt;
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
