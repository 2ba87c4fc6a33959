#include "cost_models/measured_operators.h"

#include <algorithm>
#include <utility>

#include "cost_models/communication.h"
#include "profiles/timings.h"

namespace hexgen {
namespace {

constexpr double kMeasuredBytes = 2;       // an element of what was measured
constexpr double kElementwiseKernels = 4;  // a layer: two norms, RoPE with KV append, activation

/// Null unless all devices are of one measured type.
const GpuTimings* timings_of(const Cluster& cluster, const std::vector<int>& devices) {
  const GpuTimings* timings = cluster.gpu_of(devices.front()).timings.get();
  const bool alike = std::all_of(devices.begin(), devices.end(), [&](int device) {
    return cluster.gpu_of(device).timings.get() == timings;
  });
  return alike ? timings : nullptr;
}

/// Null unless all devices stand in one node whose link was measured.
const LinkTimings* timings_between(const Cluster& cluster, const std::vector<int>& devices) {
  const int node = cluster.device(devices.front()).node;
  const bool together = std::all_of(devices.begin(), devices.end(), [&](int device) {
    return cluster.device(device).node == node;
  });
  return together ? cluster.intra_link_of(node).timings.get() : nullptr;
}

/// `term` covers `layers` products of inner x columns.
void measure_gemm(
    const GpuTimings& timings, int inner, int columns, double layers, RooflineTerm& term) {
  const auto curve = timings.gemm(inner, columns);
  const RooflineTerm one = {.weights_s = term.weights_s / layers,
                            .memory_s_per_row = term.memory_s_per_row / layers,
                            .compute_s_per_row = term.compute_s_per_row / layers};
  term.measured = std::make_shared<const MeasuredRatio>(curve->by_rows, 1, one, curve->beyond);
}

void measure_gemms(const ModelSpec& model,
                   const GpuTimings& timings,
                   const StageOperators& stage,
                   StageCost& cost) {
  const Shard& shard = stage.shard;
  const int query = shard.query_heads * model.head_dim;
  const int key_value = 2 * shard.kv_heads * model.head_dim;
  const std::pair<int, int> shapes[] = {{model.hidden_dim, query + key_value},
                                        {query, model.hidden_dim},
                                        {model.hidden_dim, 2 * shard.ffn_columns},
                                        {shard.ffn_columns, model.hidden_dim}};
  for (std::size_t g = 0; g < cost.gemms.size(); ++g) {
    measure_gemm(timings, shapes[g].first, shapes[g].second, stage.num_layers, cost.gemms[g]);
  }
}

void measure_attention(const ModelSpec& model,
                       const GpuTimings& timings,
                       const StageOperators& stage,
                       StageCost& cost) {
  const double token_bytes =
      2.0 * stage.shard.kv_heads * model.head_dim * model.kv_bytes_per_element;
  cost.measured_kv_read = std::make_shared<const MeasuredRatio>(
      timings.attention(),
      token_bytes,
      RooflineTerm{.memory_s_per_row = cost.kv_read_s_per_token / stage.num_layers});
}

void measure_all_reduce(const LinkTimings& timings,
                        double token_bytes,
                        const StageOperators& stage,
                        StageCost& cost) {
  const auto* curve = timings.all_reduce(static_cast<int>(stage.devices.size()));
  if (curve == nullptr) {
    return;
  }
  const double calls = 2.0 * stage.num_layers;
  cost.measured_all_reduce = std::make_shared<const MeasuredRatio>(
      *curve,
      token_bytes,
      RooflineTerm{.weights_s = cost.all_reduce_s / calls,
                   .memory_s_per_row = cost.all_reduce_s_per_token / calls});
}

/// To a single device: what reaches more is broadcast there, which was not measured.
void measure_handoff(const Cluster& cluster,
                     double token_bytes,
                     const StageOperators& stage,
                     StageCost& cost) {
  if (stage.next_devices.size() != 1 || stage.position.last) {
    return;
  }
  const LeaderPair leaders = leader_pair(cluster, stage.devices, stage.next_devices);
  const LinkTimings* timings = timings_between(cluster, {leaders.from_device, leaders.to_device});
  if (timings == nullptr || timings->transfer() == nullptr || cost.handoff_s_per_token == 0) {
    return;
  }
  cost.measured_handoff = std::make_shared<const MeasuredRatio>(
      *timings->transfer(),
      token_bytes,
      RooflineTerm{.weights_s = cost.handoff_s, .memory_s_per_row = cost.handoff_s_per_token});
}

}  // namespace

void add_measurements(const ModelSpec& model,
                      const Cluster& cluster,
                      const StageOperators& stage,
                      StageCost& cost) {
  const double token_bytes = model.hidden_dim * model.activation_bytes_per_element;
  const bool measured_activations = model.activation_bytes_per_element == kMeasuredBytes;
  if (const GpuTimings* timings = timings_of(cluster, stage.devices)) {
    measure_attention(model, *timings, stage, cost);
    if (measured_activations && model.weight_bytes_per_parameter == kMeasuredBytes) {
      measure_gemms(model, *timings, stage, cost);
      const GpuEfficiency& reached = cluster.gpu_of(stage.devices.front()).efficiency;
      cost.overhead_s = reached.step_overhead_s +
                        stage.num_layers * kElementwiseKernels * timings->graph_launch_s();
    }
    if (measured_activations && stage.position.last) {
      measure_gemm(*timings, model.hidden_dim, stage.shard.vocab_rows, 1, cost.lm_head);
    }
  }
  const LinkTimings* links = timings_between(cluster, stage.devices);
  if (links != nullptr && stage.devices.size() > 1) {
    measure_all_reduce(*links, token_bytes, stage, cost);
  }
  measure_handoff(cluster, token_bytes, stage, cost);
}

}  // namespace hexgen
