#include "planner/stage_tables.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "planner/node_symmetry.h"

namespace hexgen {
namespace {

constexpr std::array<StageRole, kNumStageRoles> kRoles = {
    StageRole::kMiddle, StageRole::kFirst, StageRole::kLast, StageRole::kOnly};

StagePosition position_of(StageRole role) {
  return {.first = role == StageRole::kFirst || role == StageRole::kOnly,
          .last = role == StageRole::kLast || role == StageRole::kOnly};
}

std::vector<int> devices_of(const Cluster& cluster, int node, int first, int count) {
  std::vector<int> devices(static_cast<std::size_t>(count));
  std::iota(devices.begin(), devices.end(), cluster.first_device(node) + first);
  return devices;
}

/// Layers for which at least `tokens` of KV fit; `kv_tokens` falls with the layers.
int layers_with_room(const std::vector<std::int64_t>& kv_tokens, std::int64_t tokens) {
  const auto end = std::partition_point(
      kv_tokens.begin(), kv_tokens.end(), [&](std::int64_t room) { return room >= tokens; });
  return static_cast<int>(end - kv_tokens.begin());
}

}  // namespace

bool LayoutTargets::allows(int tp_degree) const {
  return tp_degrees.empty() ||
         std::find(tp_degrees.begin(), tp_degrees.end(), tp_degree) != tp_degrees.end();
}

StageTables::StageTables(const ModelSpec& model,
                         const Cluster& cluster,
                         const LayoutTargets& targets)
    : model_(model),
      cluster_(cluster),
      targets_(targets) {
  for (int node = 0; node < cluster.num_nodes(); ++node) {
    for (int tp = 1; tp <= cluster.nodes()[static_cast<std::size_t>(node)].gpus; ++tp) {
      if (tp <= model.num_heads && profiles_.find(key_of(node, tp)) == profiles_.end()) {
        profiles_.emplace(key_of(node, tp), make_profile(node, tp));
      }
    }
  }
}

StageTables::ProfileKey StageTables::key_of(int node, int tp_degree) const {
  const Node& facts = cluster_.nodes()[static_cast<std::size_t>(node)];
  return {facts.gpu_type, facts.intra_link, tp_degree};
}

double StageTables::request_s(const StageCost& stage) const {
  return request_latency({stage}, targets_.prompt_tokens, targets_.output_tokens, targets_.batch)
      .total_s();
}

StageTables::Profile StageTables::make_profile(int node, int tp_degree) const {
  const std::vector<int> devices = devices_of(cluster_, node, 0, tp_degree);
  Profile profile;
  for (const StageRole role : kRoles) {
    const auto r = static_cast<std::size_t>(role);
    const StagePosition position = position_of(role);
    const StageCost one =
        stage_cost(model_, cluster_, devices, 1, position, {}, {}, targets_.tables);
    const StageCost two =
        stage_cost(model_, cluster_, devices, 2, position, {}, {}, targets_.tables);
    const double one_s = one.iteration_s(targets_.iteration);
    profile.latency_s_per_layer = request_s(two) - request_s(one);
    profile.iteration_s_per_layer = two.iteration_s(targets_.iteration) - one_s;
    profile.roles[r].latency_s = request_s(one) - profile.latency_s_per_layer;
    profile.roles[r].iteration_s = one_s - profile.iteration_s_per_layer;
    for (int layers = 1; layers <= model_.num_layers; ++layers) {
      profile.kv_tokens[r].push_back(
          stage_memory(model_, cluster_, devices, layers, position, targets_.memory)
              .kv_capacity_tokens());
    }
  }
  return profile;
}

LayoutProblem StageTables::problem(const DeviceGroup& group, std::int64_t min_kv_tokens) const {
  LayoutProblem problem = {.num_layers = model_.num_layers, .symmetric = targets_.symmetric};
  for (std::size_t n = 0; n < group.size(); ++n) {
    problem.devices.push_back(group[n].devices);
    problem.same_as_previous.push_back(
        n > 0 && group[n - 1].devices == group[n].devices &&
        exchangeable(cluster_, group[n - 1].node, group[n].node, group));
    for (int tp = 1; tp <= std::min(group[n].devices, model_.num_heads); ++tp) {
      if (!targets_.allows(tp)) {
        continue;
      }
      const Profile& profile = profiles_.at(key_of(group[n].node, tp));
      StageOption option = {.node = static_cast<int>(n),
                            .tp_degree = tp,
                            .latency_s_per_layer = profile.latency_s_per_layer,
                            .iteration_s_per_layer = profile.iteration_s_per_layer,
                            .roles = profile.roles};
      for (std::size_t r = 0; r < kNumStageRoles; ++r) {
        option.roles[r].max_layers = layers_with_room(profile.kv_tokens[r], min_kv_tokens);
      }
      problem.options.push_back(option);
    }
  }
  add_handoffs(group, problem);
  return problem;
}

void StageTables::add_handoffs(const DeviceGroup& group, LayoutProblem& problem) const {
  const BatchShape prefill = prefill_shape(targets_.prompt_tokens, targets_.batch);
  const BatchShape decode = decode_shape(targets_.batch, targets_.prompt_tokens);
  const double steps = targets_.output_tokens - 1;
  const auto times_s = [&](int from_node, const StageOption& to) {
    const NodeShare& share = group[static_cast<std::size_t>(to.node)];
    const int to_node = share.node;
    const int skip = from_node == to_node ? 1 : 0;  // the sender's own device
    if (skip + to.tp_degree > share.devices) {
      constexpr double kImpossible = std::numeric_limits<double>::infinity();
      return std::pair{kImpossible, kImpossible};
    }
    const std::vector<int> from_devices = devices_of(cluster_, from_node, 0, 1);
    const std::vector<int> to_devices = devices_of(cluster_, to_node, skip, to.tp_degree);
    const StagePosition middle = {.first = false, .last = false};
    const StagePosition last = {.first = false, .last = true};
    const StageCost onward = stage_cost(model_, cluster_, from_devices, 1, middle, to_devices);
    const StageCost back = stage_cost(model_, cluster_, from_devices, 1, last, to_devices);
    return std::pair{onward.handoff_time_s(prefill) + steps * onward.handoff_time_s(decode),
                     steps * back.handoff_time_s(decode)};
  };
  const std::size_t options = problem.options.size();
  problem.handoff_s.resize(options * options);
  problem.return_s.resize(options * options);
  for (std::size_t to = 0; to < options; ++to) {
    int node = -1;
    std::pair<double, double> cost;
    for (std::size_t from = 0; from < options; ++from) {
      if (problem.options[from].node != node) {  // what leaves a node costs the same at any degree
        node = problem.options[from].node;
        cost = times_s(group[static_cast<std::size_t>(node)].node, problem.options[to]);
      }
      problem.handoff_s[from * options + to] = cost.first;
      problem.return_s[from * options + to] = cost.second;
    }
  }
}

std::vector<PlacedStage> place(const LayoutProblem& problem, const Layout& layout) {
  std::vector<PlacedStage> stages;
  for (const StageChoice& choice : layout.stages) {
    const StageOption& option = problem.option(choice.option);
    stages.push_back(
        {.node = option.node, .tp_degree = option.tp_degree, .num_layers = choice.num_layers});
  }
  return stages;
}

PipelineGroup make_pipeline(const std::vector<PlacedStage>& stages,
                            const DeviceGroup& group,
                            const Cluster& cluster,
                            std::vector<int>& first_free) {
  PipelineGroup pipeline;
  int first_layer = 0;
  for (const PlacedStage& stage : stages) {
    const int node = group[static_cast<std::size_t>(stage.node)].node;
    int& next = first_free[static_cast<std::size_t>(node)];
    pipeline.stages.push_back({.first_layer = first_layer,
                               .num_layers = stage.num_layers,
                               .devices = devices_of(cluster, node, next, stage.tp_degree)});
    next += stage.tp_degree;
    first_layer += stage.num_layers;
  }
  return pipeline;
}

}  // namespace hexgen
