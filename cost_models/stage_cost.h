#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "cost_models/measured_layers.h"
#include "cost_models/plan.h"
#include "cost_models/roofline_term.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// What one iteration (one engine step over one batch) asks of a stage.
struct BatchShape {
  double new_tokens = 0;  // rows of every GEMM: one a decoding sequence, plus the prefill chunks
  double logit_rows = 0;  // rows of the LM head: sequences that emit a token in this iteration
  double kv_read_tokens =
      0;                     // cached tokens that decode attention reads, summed over the sequences
  double prefill_pairs = 0;  // (query, key) pairs of prefill attention under the causal mask
  double prefill_tokens = 0;  // those of new_tokens that belong to prompt chunks
};

/// `sequences` prompts of `tokens` tokens each, of which none is cached. Every one emits its first
/// token.
BatchShape prefill_shape(double tokens, double sequences = 1);

/// One decode step of `sequences` sequences that hold `context_tokens` tokens each, the new one
/// included.
BatchShape decode_shape(double sequences, double context_tokens);

/// The iteration as measured tables are asked for it. One chunk with the same tokens and pairs
/// stands for all chunks, and all sequences have the mean context.
MeasuredBatch as_measured(const BatchShape& shape);

/// Time of one stage as coefficients, cheap enough for the inner loop of a simulation. A plain
/// value: tests make stages with chosen times by setting `overhead_s` alone.
struct StageCost {
  std::array<RooflineTerm, 4>
      gemms{};             // q/k/v, output, gate/up, down projections, all layers together
  RooflineTerm lm_head{};  // last stage only
  double overhead_s = 0;   // kernel launches and scheduling, independent of the batch
  double elementwise_s_per_token = 0;  // norms, RoPE, activation, residual adds
  double kv_read_s_per_token = 0;      // decode attention
  double prefill_s_per_pair = 0;       // prefill attention
  double all_reduce_s = 0;             // latency part of two all-reduces a layer
  double all_reduce_s_per_token = 0;   // bandwidth part of the same
  double handoff_s = 0;  // latency of the hand-off to the next stage; last stage: to the first
  double handoff_s_per_token = 0;         // activations; 0 on the last stage
  double handoff_s_per_sequence = 0;      // sampled token ids; 0 on all other stages
  std::optional<MeasuredStage> measured;  // its times in place of all but the communication's

  // What measurements say of them, by tokens, of prefill attention by pairs; null: nothing.
  std::shared_ptr<const MeasuredRatio> measured_elementwise;
  std::shared_ptr<const MeasuredRatio> measured_kv_read;
  std::shared_ptr<const MeasuredRatio> measured_prefill;
  std::shared_ptr<const MeasuredRatio> measured_all_reduce;
  std::shared_ptr<const MeasuredRatio> measured_handoff;  // not for the return of token ids

  /// Time the stage is busy with one iteration: compute and tensor-parallel communication.
  double iteration_s(const BatchShape& shape) const;
  double compute_s(const BatchShape& shape) const;

  /// Norms, RoPE and activation.
  double elementwise_time_s(double new_tokens) const;

  /// Decode attention.
  double kv_read_time_s(double kv_read_tokens) const;

  /// Prefill attention.
  double prefill_time_s(double prefill_pairs) const;
  double all_reduce_time_s(double new_tokens) const;

  /// Time from the end of the iteration here to its arrival at the next stage; on the last stage,
  /// to the arrival of the sampled tokens at the first.
  double handoff_time_s(const BatchShape& shape) const;
};

/// What the cost model's time of one stage is made of; the parts without the hand-off sum up to
/// iteration_s() of a stage that is not measured.
struct CostTerms {
  double gemm_s = 0;
  double attention_s = 0;
  double lm_head_s = 0;
  double elementwise_s = 0;
  double overhead_s = 0;
  double all_reduce_s = 0;
  double handoff_s = 0;

  double iteration_s() const {
    return gemm_s + attention_s + lm_head_s + elementwise_s + overhead_s + all_reduce_s;
  }
};

CostTerms cost_terms(const StageCost& cost, const BatchShape& shape);

/// Bytes of an embedding or LM head weight: 8-bit checkpoints keep both in the activation type.
double lm_head_bytes_per_parameter(const ModelSpec& model);

/// Where a stage stands in its pipeline: the ends hold the embedding and the LM head.
struct StagePosition {
  bool first = true;
  bool last = true;
};

/// Cost of `num_layers` layers on `devices`, of which the slowest sets the pace of every operator.
/// Every coefficient is a constant plus a multiple of num_layers for fixed devices and position.
/// `next_devices` is the tensor-parallel group that receives the hand-off (empty: none is counted).
/// With uneven `shares` (Stage::shares) the largest shard counts, on the slowest device. Where the
/// cluster's GPU and link types have timings (apply_profile()) and all devices are of one type, the
/// operators that were measured take their times from there: products of 16-bit weights, norms with
/// RoPE and activation, attention, all-reduces inside a node at a measured degree, hand-offs to one
/// device of the same node or to another node that was measured with it, and the return of tokens
/// between such nodes. Stages that `tables` have measured take their times from there.
StageCost stage_cost(const ModelSpec& model,
                     const Cluster& cluster,
                     const std::vector<int>& devices,
                     int num_layers,
                     StagePosition position,
                     const std::vector<int>& next_devices,
                     const std::vector<int>& shares = {},
                     const LayerTables& tables = {});

/// The measured times of a stage with even shares; none unless its devices are all of one GPU type
/// that `tables` have for the model at that TP degree.
std::optional<MeasuredStage> measured_stage(const ModelSpec& model,
                                            const Cluster& cluster,
                                            const std::vector<int>& devices,
                                            int num_layers,
                                            StagePosition position,
                                            const LayerTables& tables);

/// Plain rooflines that no time of the stage lies below: what is measured stands in the
/// coefficients, by its smallest ratio to the model. The stage itself when nothing is measured.
StageCost lower_envelope(StageCost cost);

/// Costs of all stages of a pipeline, in order; the last stage hands the sampled token back to the
/// first.
std::vector<StageCost> pipeline_cost(const ModelSpec& model,
                                     const Cluster& cluster,
                                     const PipelineGroup& pipeline,
                                     const LayerTables& tables = {});

/// A batch of equal requests alone in the pipeline: prefill, then output_tokens - 1 decode steps,
/// each of which starts with the return of the last token to the first stage.
struct RequestLatency {
  double prefill_s = 0;  // time to first token
  double decode_s = 0;   // all later tokens

  double total_s() const { return prefill_s + decode_s; }
};

RequestLatency request_latency(const std::vector<StageCost>& stages,
                               double prompt_tokens,
                               double output_tokens,
                               double batch = 1);

/// Stages of the reference deployment of an SLO scale: `tp_degree` x `num_stages` devices of
/// `reference_cluster`, in order. Throws InputError when the layers or heads cannot be split so.
std::vector<StageCost> reference_stages(const ModelSpec& model,
                                        const Cluster& reference_cluster,
                                        int tp_degree,
                                        int num_stages);

/// Latency of one request alone on `tp_degree` x `num_stages` GPUs of one type joined by that
/// type's usual link: the unit of the SLO scale. Throws InputError when the layers or heads cannot
/// be split so.
RequestLatency reference_latency(const ModelSpec& model,
                                 const Cluster& reference_cluster,
                                 int tp_degree,
                                 int num_stages,
                                 double prompt_tokens,
                                 double output_tokens);

}  // namespace hexgen
