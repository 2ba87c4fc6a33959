#include "cost_models/stage_cost.h"

#include <algorithm>
#include <cassert>

#include "cost_models/communication.h"
#include "cost_models/measured_operators.h"
#include "cost_models/shard.h"

namespace hexgen {
namespace {

constexpr double kTokenIdBytes = 4;

/// Rates that the slowest device of a group reaches, and its overheads.
struct GroupRates {
  double weights_bytes_per_s = 0;
  double kv_bytes_per_s = 0;
  double weight_flops_per_s = 0;     // GEMMs with the layer weights, fp8 units where both have them
  double attention_flops_per_s = 0;  // attention and LM head, always in fp16
  double layer_overhead_s = 0;
  double step_overhead_s = 0;
};

GroupRates rates_of(const GpuType& gpu, bool fp8_weights) {
  const GpuEfficiency& reached = gpu.efficiency;
  const double fp16_flops_per_s = reached.compute_fraction * gpu.dense_flops_per_s;
  const bool fp8 = fp8_weights && gpu.dense_fp8_flops_per_s > 0;
  return {.weights_bytes_per_s = reached.memory_fraction * gpu.memory_bandwidth_bytes_per_s,
          .kv_bytes_per_s = reached.attention_fraction * gpu.memory_bandwidth_bytes_per_s,
          .weight_flops_per_s =
              fp8 ? reached.compute_fraction * gpu.dense_fp8_flops_per_s : fp16_flops_per_s,
          .attention_flops_per_s = fp16_flops_per_s,
          .layer_overhead_s = reached.layer_overhead_s,
          .step_overhead_s = reached.step_overhead_s};
}

GroupRates slowest_rates(const Cluster& cluster,
                         const std::vector<int>& devices,
                         bool fp8_weights) {
  GroupRates slowest = rates_of(cluster.gpu_of(devices.front()), fp8_weights);
  for (const int device : devices) {
    const GroupRates rates = rates_of(cluster.gpu_of(device), fp8_weights);
    slowest = {
        .weights_bytes_per_s = std::min(slowest.weights_bytes_per_s, rates.weights_bytes_per_s),
        .kv_bytes_per_s = std::min(slowest.kv_bytes_per_s, rates.kv_bytes_per_s),
        .weight_flops_per_s = std::min(slowest.weight_flops_per_s, rates.weight_flops_per_s),
        .attention_flops_per_s =
            std::min(slowest.attention_flops_per_s, rates.attention_flops_per_s),
        .layer_overhead_s = std::max(slowest.layer_overhead_s, rates.layer_overhead_s),
        .step_overhead_s = std::max(slowest.step_overhead_s, rates.step_overhead_s)};
  }
  return slowest;
}

/// `copies` GEMMs of [rows, in] x [in, out] with an optional bias.
struct Gemm {
  double in = 0;
  double out = 0;
  double bias = 0;
  double copies = 1;
};

RooflineTerm gemm_term(const Gemm& gemm,
                       double bytes_per_weight,
                       double bytes_per_activation,
                       double bytes_per_s,
                       double flops_per_s) {
  return {
      .weights_s = gemm.copies * (gemm.in * gemm.out + gemm.bias) * bytes_per_weight / bytes_per_s,
      .memory_s_per_row = gemm.copies * (gemm.in + gemm.out) * bytes_per_activation / bytes_per_s,
      .compute_s_per_row = gemm.copies * 2 * gemm.in * gemm.out / flops_per_s};
}

std::array<RooflineTerm, 4> layer_gemms(const ModelSpec& model,
                                        const Shard& shard,
                                        int num_layers,
                                        const GroupRates& rates) {
  const double hidden = model.hidden_dim;
  const double query = static_cast<double>(shard.query_heads) * model.head_dim;
  const double key_value = 2.0 * shard.kv_heads * model.head_dim;
  const double ffn = shard.ffn_columns;
  const double bias = model.qkv_bias ? query + key_value : 0;
  const auto term = [&](const Gemm& gemm) {
    return gemm_term(gemm,
                     model.weight_bytes_per_parameter,
                     model.activation_bytes_per_element,
                     rates.weights_bytes_per_s,
                     rates.weight_flops_per_s);
  };
  const double copies = num_layers;
  return {term({.in = hidden, .out = query + key_value, .bias = bias, .copies = copies}),
          term({.in = query, .out = hidden, .copies = copies}),
          term({.in = hidden, .out = 2 * ffn, .copies = copies}),
          term({.in = ffn, .out = hidden, .copies = copies})};
}

void add_compute(const ModelSpec& model,
                 const Shard& shard,
                 int num_layers,
                 const GroupRates& rates,
                 StageCost& cost) {
  cost.gemms = layer_gemms(model, shard, num_layers, rates);
  cost.overhead_s = rates.step_overhead_s + num_layers * rates.layer_overhead_s;
  cost.elementwise_s_per_token =
      num_layers * elementwise_bytes_per_token(model, shard) / rates.weights_bytes_per_s;
  cost.kv_read_s_per_token = num_layers * 2.0 * shard.kv_heads * model.head_dim *
                             model.kv_bytes_per_element / rates.kv_bytes_per_s;
  // Scores and weighted values: 2 FLOPs each for every pair and element of a head.
  cost.prefill_s_per_pair =
      num_layers * 4.0 * shard.query_heads * model.head_dim / rates.attention_flops_per_s;
}

RooflineTerm lm_head_term(const ModelSpec& model, const Shard& shard, const GroupRates& rates) {
  return gemm_term(
      {.in = static_cast<double>(model.hidden_dim), .out = static_cast<double>(shard.vocab_rows)},
      lm_head_bytes_per_parameter(model),
      model.activation_bytes_per_element,
      rates.weights_bytes_per_s,
      rates.attention_flops_per_s);
}

void add_communication(const ModelSpec& model,
                       const Cluster& cluster,
                       const std::vector<int>& devices,
                       int num_layers,
                       bool last,
                       const std::vector<int>& next_devices,
                       StageCost& cost) {
  const double token_bytes = model.hidden_dim * model.activation_bytes_per_element;
  const TransferCost all_reduce = all_reduce_cost(cluster, devices);
  cost.all_reduce_s = 2.0 * num_layers * all_reduce.latency_s;
  cost.all_reduce_s_per_token = 2.0 * num_layers * token_bytes * all_reduce.s_per_byte;
  if (next_devices.empty()) {
    return;
  }
  const TransferCost handoff = handoff_cost(cluster, devices, next_devices);
  cost.handoff_s = handoff.latency_s;
  (last ? cost.handoff_s_per_sequence : cost.handoff_s_per_token) =
      (last ? kTokenIdBytes : token_bytes) * handoff.s_per_byte;
}

double with_measured(double modelled_s,
                     const std::shared_ptr<const MeasuredRatio>& measured,
                     double rows) {
  return measured && rows > 0 ? modelled_s * measured->at(rows) : modelled_s;
}

}  // namespace

double StageCost::elementwise_time_s(double new_tokens) const {
  return with_measured(elementwise_s_per_token * new_tokens, measured_elementwise, new_tokens);
}

double StageCost::prefill_time_s(double prefill_pairs) const {
  return with_measured(prefill_s_per_pair * prefill_pairs, measured_prefill, prefill_pairs);
}

double StageCost::kv_read_time_s(double kv_read_tokens) const {
  return with_measured(kv_read_s_per_token * kv_read_tokens, measured_kv_read, kv_read_tokens);
}

double StageCost::all_reduce_time_s(double new_tokens) const {
  return with_measured(
      all_reduce_s + all_reduce_s_per_token * new_tokens, measured_all_reduce, new_tokens);
}

double StageCost::handoff_time_s(const BatchShape& shape) const {
  const double modelled_s = handoff_s + handoff_s_per_token * shape.new_tokens +
                            handoff_s_per_sequence * shape.logit_rows;
  return with_measured(modelled_s, measured_handoff, shape.new_tokens);
}

double StageCost::compute_s(const BatchShape& shape) const {
  if (measured) {
    return measured->time_s(as_measured(shape));
  }
  double sum = overhead_s + elementwise_time_s(shape.new_tokens) +
               kv_read_time_s(shape.kv_read_tokens) + prefill_time_s(shape.prefill_pairs);
  for (const RooflineTerm& gemm : gemms) {
    sum += gemm.time_s(shape.new_tokens);
  }
  return shape.logit_rows > 0 ? sum + lm_head.time_s(shape.logit_rows) : sum;
}

double StageCost::iteration_s(const BatchShape& shape) const {
  return compute_s(shape) + all_reduce_time_s(shape.new_tokens);
}

CostTerms cost_terms(const StageCost& cost, const BatchShape& shape) {
  CostTerms terms = {.attention_s = cost.kv_read_time_s(shape.kv_read_tokens) +
                                    cost.prefill_time_s(shape.prefill_pairs),
                     .lm_head_s = shape.logit_rows > 0 ? cost.lm_head.time_s(shape.logit_rows) : 0,
                     .elementwise_s = cost.elementwise_time_s(shape.new_tokens),
                     .overhead_s = cost.overhead_s,
                     .all_reduce_s = cost.all_reduce_time_s(shape.new_tokens),
                     .handoff_s = cost.handoff_time_s(shape)};
  for (const RooflineTerm& gemm : cost.gemms) {
    terms.gemm_s += gemm.time_s(shape.new_tokens);
  }
  return terms;
}

BatchShape prefill_shape(double tokens, double sequences) {
  return {.new_tokens = tokens * sequences,
          .logit_rows = sequences,
          .prefill_pairs = sequences * tokens * (tokens + 1) / 2,
          .prefill_tokens = tokens * sequences};
}

BatchShape decode_shape(double sequences, double context_tokens) {
  return {.new_tokens = sequences,
          .logit_rows = sequences,
          .kv_read_tokens = sequences * context_tokens};
}

MeasuredBatch as_measured(const BatchShape& shape) {
  const double prefill = shape.prefill_tokens;
  const double sequences = shape.new_tokens - prefill;
  const double context = sequences > 0 ? shape.kv_read_tokens / sequences : 0;
  // A chunk of c tokens after p cached ones makes c p + c (c + 1) / 2 pairs.
  const double cached = prefill > 0 ? shape.prefill_pairs / prefill - (prefill + 1) / 2 : 0;
  return {.prefill_tokens = prefill,
          .prefill_kv_tokens = std::max(0.0, cached),
          .decode_sequences = sequences,
          .mean_kv_tokens = context,
          .shortest_kv_tokens = context,
          .longest_kv_tokens = context,
          .logit_rows = shape.logit_rows};
}

double lm_head_bytes_per_parameter(const ModelSpec& model) {
  return std::max(model.weight_bytes_per_parameter, model.activation_bytes_per_element);
}

StageCost stage_cost(const ModelSpec& model,
                     const Cluster& cluster,
                     const std::vector<int>& devices,
                     int num_layers,
                     StagePosition position,
                     const std::vector<int>& next_devices,
                     const std::vector<int>& shares,
                     const LayerTables& tables) {
  assert(!devices.empty());
  const bool fp8_weights = model.weight_bytes_per_parameter == 1.0;
  const GroupRates rates = slowest_rates(cluster, devices, fp8_weights);
  const Shard shard = shares.empty() ? fullest_shard(model, static_cast<int>(devices.size()))
                                     : fullest_shard(model, shares);
  StageCost cost;
  add_compute(model, shard, num_layers, rates, cost);
  if (position.last) {
    cost.lm_head = lm_head_term(model, shard, rates);
  }
  add_communication(model, cluster, devices, num_layers, position.last, next_devices, cost);
  add_measurements(model, cluster, {devices, next_devices, shard, num_layers, position}, cost);
  if (shares.empty()) {
    cost.measured = measured_stage(model, cluster, devices, num_layers, position, tables);
  }
  return cost;
}

StageCost lower_envelope(StageCost cost) {
  const auto least = [](std::shared_ptr<const MeasuredRatio>& measured) {
    const double ratio = measured ? measured->least() : 1;
    measured = nullptr;
    return ratio;
  };
  const auto lower = [&](RooflineTerm& term) {
    const double ratio = least(term.measured);
    term = {.weights_s = ratio * term.weights_s,
            .memory_s_per_row = ratio * term.memory_s_per_row,
            .compute_s_per_row = ratio * term.compute_s_per_row};
  };
  std::for_each(cost.gemms.begin(), cost.gemms.end(), lower);
  lower(cost.lm_head);
  cost.elementwise_s_per_token *= least(cost.measured_elementwise);
  cost.kv_read_s_per_token *= least(cost.measured_kv_read);
  cost.prefill_s_per_pair *= least(cost.measured_prefill);
  const double all_reduce = least(cost.measured_all_reduce);
  cost.all_reduce_s *= all_reduce;
  cost.all_reduce_s_per_token *= all_reduce;
  const double handoff = least(cost.measured_handoff);
  cost.handoff_s *= handoff;
  cost.handoff_s_per_token *= handoff;
  return cost;
}

std::optional<MeasuredStage> measured_stage(const ModelSpec& model,
                                            const Cluster& cluster,
                                            const std::vector<int>& devices,
                                            int num_layers,
                                            StagePosition position,
                                            const LayerTables& tables) {
  if (tables.empty()) {
    return std::nullopt;
  }
  const std::string& gpu_type = cluster.gpu_of(devices.front()).name;
  const bool alike = std::all_of(devices.begin(), devices.end(), [&](int device) {
    return cluster.gpu_of(device).name == gpu_type;
  });
  auto layers =
      alike ? tables.find(model.name, gpu_type, static_cast<int>(devices.size())) : nullptr;
  if (layers == nullptr) {
    return std::nullopt;
  }
  return MeasuredStage{.layers = std::move(layers),
                       .num_layers = num_layers,
                       .first = position.first,
                       .last = position.last};
}

std::vector<StageCost> pipeline_cost(const ModelSpec& model,
                                     const Cluster& cluster,
                                     const PipelineGroup& pipeline,
                                     const LayerTables& tables) {
  std::vector<StageCost> costs;
  costs.reserve(pipeline.stages.size());
  for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
    const Stage& stage = pipeline.stages[s];
    const StagePosition position = {.first = s == 0, .last = s + 1 == pipeline.stages.size()};
    const Stage& next = pipeline.stages[position.last ? 0 : s + 1];
    costs.push_back(stage_cost(model,
                               cluster,
                               stage.devices,
                               stage.num_layers,
                               position,
                               next.devices,
                               stage.shares,
                               tables));
  }
  return costs;
}

}  // namespace hexgen
