#include "planner/throughput_bound.h"

#include <algorithm>
#include <numeric>

#include "cost_models/stage_cost.h"

namespace hexgen {
namespace {

/// Roofline over many iterations: the sum of maxima is at least the maximum of the sums.
double gemm_s(const RooflineTerm& term, double iterations, double rows) {
  return std::max(iterations * term.weights_s + rows * term.memory_s_per_row,
                  rows * term.compute_s_per_row);
}

double gemms_s(const StageCost& stage, double iterations, double rows) {
  double sum = 0;
  for (const RooflineTerm& term : stage.gemms) {
    sum += gemm_s(term, iterations, rows);
  }
  return sum;
}

/// Least time a stage is busy for a mean request when its KV cache holds `kv_tokens`.
double busy_s(const StageCost& stage,
              const MeanDemand& demand,
              BatchPolicyKind policy,
              double kv_tokens,
              double max_batch) {
  const double steps = demand.output_tokens - 1;
  // In a decode iteration the contexts of its sequences are in the KV cache together.
  const double decodes = std::max(steps / max_batch, demand.decode_context / kv_tokens);
  const bool apart = policy == BatchPolicyKind::kOneBatch;  // prefill is an iteration of its own
  const double prefills = apart ? 1 / max_batch : 0;
  const double rows = demand.prompt_tokens + steps;
  const double gemms =
      apart ? gemms_s(stage, prefills, demand.prompt_tokens) + gemms_s(stage, decodes, steps)
            : gemms_s(stage, decodes, rows);
  return gemms + (prefills + decodes) * (stage.overhead_s + stage.all_reduce_s) +
         rows * (stage.elementwise_s_per_token + stage.all_reduce_s_per_token) +
         demand.decode_context * stage.kv_read_s_per_token +
         demand.prefill_pairs * stage.prefill_s_per_pair;
}

/// Largest share of the request rate that one device of a node can carry.
double device_worth_per_s(const ModelSpec& model,
                          const Cluster& cluster,
                          int node,
                          const MeanDemand& demand,
                          BatchPolicyKind policy,
                          int max_batch,
                          const MemoryPolicy& memory) {
  const StagePosition middle = {.first = false, .last = false};
  const double layers_of_model = model.num_layers;
  double worth = 0;
  std::vector<int> devices;
  const int gpus = cluster.nodes()[static_cast<std::size_t>(node)].gpus;
  for (int k = 1; k <= std::min(gpus, model.num_heads); ++k) {
    devices.push_back(cluster.first_device(node) + k - 1);
    for (int layers = 1; layers <= model.num_layers; ++layers) {
      const auto kv_tokens = static_cast<double>(
          stage_memory(model, cluster, devices, layers, middle, memory).kv_capacity_tokens());
      if (kv_tokens < 1) {
        break;
      }
      const double busy = busy_s(stage_cost(model, cluster, devices, layers, middle, {}),
                                 demand,
                                 policy,
                                 kv_tokens,
                                 max_batch);
      const double share = layers / layers_of_model;
      const double term =
          policy == BatchPolicyKind::kOneBatch ? share * share / busy : share / busy;
      worth = std::max(worth, term / k);
    }
  }
  return worth;
}

}  // namespace

MeanDemand mean_demand(const std::vector<RequestSpec>& requests) {
  MeanDemand mean;
  for (const RequestSpec& request : requests) {
    const double prompt = request.prompt_tokens;
    const double output = request.output_tokens;
    mean.prompt_tokens += prompt;
    mean.output_tokens += output;
    mean.prefill_pairs += prompt * (prompt + 1) / 2;
    mean.decode_context += (output - 1) * (prompt + output / 2);
  }
  const auto count = static_cast<double>(requests.size());
  return {.prompt_tokens = mean.prompt_tokens / count,
          .output_tokens = mean.output_tokens / count,
          .prefill_pairs = mean.prefill_pairs / count,
          .decode_context = mean.decode_context / count};
}

double throughput_bound(const ModelSpec& model,
                        const Cluster& cluster,
                        const MeanDemand& demand,
                        BatchPolicyKind policy,
                        int max_batch,
                        const MemoryPolicy& memory) {
  double bound = 0;
  for (int node = 0; node < cluster.num_nodes(); ++node) {
    bound += cluster.nodes()[static_cast<std::size_t>(node)].gpus *
             device_worth_per_s(model, cluster, node, demand, policy, max_batch, memory);
  }
  return bound;
}

}  // namespace hexgen
