#include "cost_models/measured_operators.h"

#include <algorithm>
#include <utility>

#include "cost_models/communication.h"
#include "profiles/timings.h"

namespace hexgen {
namespace {

constexpr double kMeasuredBytes = 2;       // an element of what was measured
constexpr double kElementwiseKernels = 4;  // a layer: two norms, RoPE with KV append, activation

/// Of the type that reads matrices most slowly, which the others wait for; null unless all types
/// were measured.
const GpuTimings* timings_of(const ModelSpec& model,
                             const Cluster& cluster,
                             const std::vector<int>& devices) {
  const auto row_s = [&](const GpuTimings& timings) {
    return timings.gemm(model.hidden_dim, model.ffn_dim)->by_rows.time_s(1);
  };
  const GpuTimings* slowest = nullptr;
  for (const int device : devices) {
    const GpuTimings* timings = cluster.gpu_of(device).timings.get();
    if (timings == nullptr) {
      return nullptr;
    }
    if (slowest == nullptr || (timings != slowest && row_s(*timings) > row_s(*slowest))) {
      slowest = timings;
    }
  }
  return slowest;
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

void measure_prefill(const ModelSpec& model,
                     const MeasuredCurve& by_flops,
                     const StageOperators& stage,
                     StageCost& cost) {
  cost.measured_prefill = std::make_shared<const MeasuredRatio>(
      by_flops,
      4.0 * stage.shard.query_heads * model.head_dim,
      RooflineTerm{.compute_s_per_row = cost.prefill_s_per_pair / stage.num_layers});
}

/// Norms, RoPE and activation; where they were not measured, the launches of their kernels.
void measure_elementwise(const ModelSpec& model,
                         const GpuTimings& timings,
                         const StageOperators& stage,
                         StageCost& cost) {
  if (timings.elementwise() == nullptr) {
    cost.overhead_s += stage.num_layers * kElementwiseKernels * timings.graph_launch_s();
    return;
  }
  cost.measured_elementwise = std::make_shared<const MeasuredRatio>(
      *timings.elementwise(),
      elementwise_bytes_per_token(model, stage.shard),
      RooflineTerm{.memory_s_per_row = cost.elementwise_s_per_token / stage.num_layers});
}

/// All-reduces of a stage's devices by bytes: those of a node, or two on two nodes; null: not
/// measured.
const MeasuredCurve* all_reduces_of(const Cluster& cluster, const std::vector<int>& devices) {
  if (const LinkTimings* links = timings_between(cluster, devices)) {
    return links->all_reduce(static_cast<int>(devices.size()));
  }
  if (devices.size() != 2) {
    return nullptr;
  }
  const auto nodes =
      cluster.node_timings(cluster.device(devices[0]).node, cluster.device(devices[1]).node);
  return nodes && nodes->all_reduce ? &*nodes->all_reduce : nullptr;
}

void measure_all_reduce(const Cluster& cluster,
                        double token_bytes,
                        const StageOperators& stage,
                        StageCost& cost) {
  const MeasuredCurve* curve = all_reduces_of(cluster, stage.devices);
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

/// Sends between two devices by bytes; null: not measured.
const MeasuredCurve* transfers_between(const Cluster& cluster, int from, int to) {
  if (const LinkTimings* links = timings_between(cluster, {from, to})) {
    return links->transfer();
  }
  const auto nodes = cluster.node_timings(cluster.device(from).node, cluster.device(to).node);
  return nodes ? &nodes->transfer : nullptr;
}

/// To a single device, or to a leader on another node that broadcasts, by its link's constants.
/// Inside a node several devices are reached in ways that were not measured.
void measure_handoff(const Cluster& cluster,
                     double token_bytes,
                     const StageOperators& stage,
                     StageCost& cost) {
  const LeaderPair leaders = leader_pair(cluster, stage.devices, stage.next_devices);
  const bool inside =
      cluster.device(leaders.from_device).node == cluster.device(leaders.to_device).node;
  if (inside && stage.next_devices.size() > 1) {
    return;
  }
  const MeasuredCurve* transfers =
      transfers_between(cluster, leaders.from_device, leaders.to_device);
  if (transfers == nullptr || cost.handoff_s_per_token == 0) {
    return;
  }
  const TransferCost broadcast = broadcast_cost(cluster, stage.next_devices);
  std::vector<MeasuredCurve::Point> points = transfers->points();
  for (MeasuredCurve::Point& point : points) {
    point.time_s += broadcast.time_s(point.size);
  }
  cost.measured_handoff = std::make_shared<const MeasuredRatio>(
      MeasuredCurve(std::move(points)),
      token_bytes,
      RooflineTerm{.weights_s = cost.handoff_s, .memory_s_per_row = cost.handoff_s_per_token});
}

/// Tokens go from process to process, as messages do, whatever connects the GPUs.
void measure_return(const Cluster& cluster, const StageOperators& stage, StageCost& cost) {
  const auto nodes = cluster.node_timings(cluster.device(stage.devices.front()).node,
                                          cluster.device(stage.next_devices.front()).node);
  if (nodes && nodes->message_s) {
    cost.handoff_s = *nodes->message_s;
  }
}

}  // namespace

void add_measurements(const ModelSpec& model,
                      const Cluster& cluster,
                      const StageOperators& stage,
                      StageCost& cost) {
  const double token_bytes = model.hidden_dim * model.activation_bytes_per_element;
  const bool measured_activations = model.activation_bytes_per_element == kMeasuredBytes;
  if (const GpuTimings* timings = timings_of(model, cluster, stage.devices)) {
    measure_attention(model, *timings, stage, cost);
    if (measured_activations && timings->prefill_attention() != nullptr) {
      measure_prefill(model, *timings->prefill_attention(), stage, cost);
    }
    if (measured_activations && model.weight_bytes_per_parameter == kMeasuredBytes) {
      measure_gemms(model, *timings, stage, cost);
      cost.overhead_s = cluster.gpu_of(stage.devices.front()).efficiency.step_overhead_s;
      measure_elementwise(model, *timings, stage, cost);
    }
    if (measured_activations && stage.position.last) {
      measure_gemm(*timings, model.hidden_dim, stage.shard.vocab_rows, 1, cost.lm_head);
    }
  }
  if (stage.devices.size() > 1) {
    measure_all_reduce(cluster, token_bytes, stage, cost);
  }
  if (stage.next_devices.empty()) {
    return;
  }
  if (stage.position.last) {
    measure_return(cluster, stage, cost);
  } else {
    measure_handoff(cluster, token_bytes, stage, cost);
  }
}

}  // namespace hexgen
