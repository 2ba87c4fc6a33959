#include "planner/stage_terms.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace hexgen {
namespace {

/// Roofline over many iterations: the sum of maxima is at least the maximum of the sums.
double gemms_s(const StageCost& stage, double iterations, double rows) {
  double sum = 0;
  for (const RooflineTerm& term : stage.gemms) {
    sum += std::max(iterations * term.weights_s + rows * term.memory_s_per_row,
                    rows * term.compute_s_per_row);
  }
  return sum;
}

double rows_s(const StageCost& stage, double iterations, double rows) {
  return iterations * (stage.overhead_s + stage.all_reduce_s) +
         rows * (stage.elementwise_s_per_token + stage.all_reduce_s_per_token);
}

bool allowed(int tp_degree, const std::vector<int>& tp_degrees) {
  return tp_degrees.empty() ||
         std::find(tp_degrees.begin(), tp_degrees.end(), tp_degree) != tp_degrees.end();
}

std::vector<NodeStage> stage_options(const ModelSpec& model,
                                     const Cluster& cluster,
                                     int node,
                                     const ServiceTerms& terms) {
  const StagePosition middle = {.first = false, .last = false};
  std::vector<NodeStage> options;
  std::vector<int> devices;
  const int gpus = cluster.nodes()[static_cast<std::size_t>(node)].gpus;
  for (int k = 1; k <= std::min(gpus, model.num_heads); ++k) {
    devices.push_back(cluster.first_device(node) + k - 1);
    if (!allowed(k, terms.tp_degrees)) {
      continue;
    }
    for (int layers = 1; layers <= model.num_layers; ++layers) {
      const auto kv_tokens = static_cast<double>(
          stage_memory(model, cluster, devices, layers, middle, terms.memory).kv_capacity_tokens());
      if (kv_tokens < 1) {
        break;
      }
      options.push_back(
          {.devices = k,
           .share = layers / static_cast<double>(model.num_layers),
           .kv_tokens = kv_tokens,
           .cost = lower_envelope(stage_cost(model, cluster, devices, layers, middle, {}))});
    }
  }
  return options;
}

}  // namespace

std::vector<NodeClass> node_classes(const ModelSpec& model,
                                    const SearchSpace& space,
                                    const ServiceTerms& terms) {
  const double prefill_bytes =
      terms.demand.prompt_tokens * model.hidden_dim * model.activation_bytes_per_element;
  const std::vector<ForcedCrossing> crossings = forced_crossings(space, prefill_bytes);
  using Looks = std::tuple<int, int, int, double, double, double>;
  std::map<Looks, NodeClass> classes;
  for (int n = 0; n < space.cluster.num_nodes(); ++n) {
    const Node& node = space.cluster.nodes()[static_cast<std::size_t>(n)];
    const ForcedCrossing& crossing = crossings[static_cast<std::size_t>(n)];
    NodeClass& alike = classes[{node.gpu_type,
                                node.intra_link,
                                node.gpus,
                                crossing.one_way_s,
                                crossing.round_trip_s,
                                crossing.s_per_byte}];
    if (alike.devices == 0) {
      alike.crossing = crossing;
      alike.options = stage_options(model, space.cluster, n, terms);
    }
    alike.devices += node.gpus;
  }
  std::vector<NodeClass> all;
  for (auto& [looks, alike] : classes) {
    all.push_back(std::move(alike));
  }
  return all;
}

StageTimes::StageTimes(const ModelSpec& model, const ServiceTerms& terms)
    : terms_(terms),
      demand_(terms.demand),
      steps_(terms.demand.output_tokens - 1),
      one_batch_(terms.policy == BatchPolicyKind::kOneBatch),
      token_bytes_(model.hidden_dim * model.activation_bytes_per_element) {}

bool StageTimes::has_room(const NodeStage& option, double rows) const {
  return rows * demand_.decode_context <= steps_ * option.kv_tokens || steps_ <= 0;
}

StageTerms StageTimes::terms(const NodeStage& option,
                             const ForcedCrossing& crossing,
                             double few,
                             double many) const {
  const double share = option.share;
  const double busy = busy_s(option, many);
  const double kv_requests = option.kv_tokens / std::max(1.0, demand_.shortest_prompt);
  return {.rate_per_s = one_batch_
                            ? share * share / (busy + share * crossing_time_s(crossing, many))
                            : share / busy,
          .pass_s = pass_s(option.cost, few) + share * crossing_pass_s(crossing, few),
          .in_flight = std::min(static_cast<double>(terms_.max_batch), kv_requests)};
}

double StageTimes::alone_s(const ForcedCrossing& crossing,
                           const std::vector<NodeClass>& classes) const {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  if (crossing.round_trip_s == kNever) {
    return kNever;
  }
  double whole_model_s = kNever;
  for (const NodeClass& nodes : classes) {
    for (const NodeStage& option : nodes.options) {
      whole_model_s = std::min(whole_model_s, pass_s(option.cost, 1) / option.share);
    }
  }
  return whole_model_s + crossing_pass_s(crossing, 1);
}

/// Least time a stage is busy for a mean request when a decode step has `rows`.
double StageTimes::busy_s(const NodeStage& option, double rows) const {
  const StageCost& stage = option.cost;
  // In a decode step the contexts of its sequences are in the KV cache together.
  const double decodes = std::max(steps_ / rows, demand_.decode_context / option.kv_tokens);
  const double prefills = one_batch_ ? 1 / rows : 0;  // prefill is an iteration of its own
  const double all_rows = demand_.prompt_tokens + steps_;
  const double gemms =
      one_batch_ ? gemms_s(stage, prefills, demand_.prompt_tokens) + gemms_s(stage, decodes, steps_)
                 : gemms_s(stage, decodes, all_rows);
  return gemms + rows_s(stage, prefills + decodes, all_rows) +
         demand_.decode_context * stage.kv_read_s_per_token +
         demand_.prefill_pairs * stage.prefill_s_per_pair;
}

/// One batch: a request is prefilled with all the others, which may end before it does.
double StageTimes::pass_s(const StageCost& stage, double rows) const {
  const double prompts = one_batch_ ? rows : 1;
  const double others = one_batch_ ? 1 : rows;
  const double prompt_rows = prompts * demand_.prompt_tokens;
  return gemms_s(stage, 1, prompt_rows) + rows_s(stage, 1, prompt_rows) +
         prompts * demand_.prefill_pairs * stage.prefill_s_per_pair +
         steps_ * (gemms_s(stage, 1, others) + rows_s(stage, 1, others) +
                   others * demand_.shortest_prompt * stage.kv_read_s_per_token);
}

double StageTimes::crossing_pass_s(const ForcedCrossing& crossing, double rows) const {
  const double prompts = one_batch_ ? rows : 1;
  const double others = one_batch_ ? 1 : rows;
  const double tokens = prompts * demand_.prompt_tokens + steps_ * others;
  return crossing.one_way_s + steps_ * crossing.round_trip_s +
         tokens * token_bytes_ * crossing.s_per_byte;
}

/// A request's share of the time that its batch crosses.
double StageTimes::crossing_time_s(const ForcedCrossing& crossing, double rows) const {
  return (crossing.one_way_s + steps_ * crossing.round_trip_s) / rows +
         (demand_.prompt_tokens + steps_) * token_bytes_ * crossing.s_per_byte;
}

}  // namespace hexgen
