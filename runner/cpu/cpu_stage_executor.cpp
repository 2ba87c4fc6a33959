#include "runner/cpu/cpu_stage_executor.h"

#include <algorithm>

#include "kernels/reference/attention_prefill.h"
#include "kernels/reference/embedding.h"
#include "kernels/reference/rms_norm.h"
#include "kernels/reference/rope_append.h"
#include "kernels/reference/sample.h"
#include "kernels/reference/silu_mul.h"
#include "runner/cpu/gemm_fp32.h"
#include "runner/engine/rope_frequencies.h"
#include "runner/engine/token_choice.h"

namespace hexgen {
namespace {

namespace twin = kernels::reference;

std::size_t elements(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// Grows a buffer to [rows, columns]; its content is not kept.
float* room(std::vector<float>& buffer, int rows, int columns) {
  buffer.resize(std::max(buffer.size(), elements(rows, columns)));
  return buffer.data();
}

const float* data_or_null(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

CpuStageExecutor::CpuStageExecutor(const ExecutorSetup& setup, Communicator& stage)
    : model_(setup.model),
      shard_(setup.shard()),
      stage_(stage),
      weights_(load_cpu_weights(*setup.weights, stage_tensors(setup.model, setup.shard()))),
      inverse_frequencies_(rope_inverse_frequencies(setup.model)) {
  for (const DeviceShard& shard : setup.shards) {
    vocabulary_.push_back(shard.lm_head_rows);
  }
  const std::size_t cache_elements =
      elements(setup.kv_blocks * kernels::kKvBlockTokens, shard_.kv_heads.count * model_.head_dim);
  for (int layer = 0; layer < shard_.layers.count; ++layer) {
    caches_.push_back({std::vector<float>(cache_elements), std::vector<float>(cache_elements)});
  }
}

std::span<std::byte> CpuStageExecutor::residual(const StepBatch& batch) {
  const int rows = batch.num_tokens();
  return std::as_writable_bytes(
      std::span(room(residual_, rows, model_.hidden_dim), elements(rows, model_.hidden_dim)));
}

void CpuStageExecutor::run(const StepBatch& batch) {
  const BatchLayout layout = batch_layout(batch);
  if (shard_.position.first) {
    embed(layout);
  }
  const float* addend = nullptr;
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    const CpuLayerWeights& layer = weights_.layers[i];
    add_and_normalise(layout.num_tokens, addend, layer.attention_norm.data());
    attend(layout, layer, caches_[i]);
    add_and_normalise(layout.num_tokens, partial_.data(), layer.mlp_norm.data());
    feed_forward(layout.num_tokens, layer);
    addend = partial_.data();
  }
  add_and_normalise(layout.num_tokens, addend, nullptr);
}

void CpuStageExecutor::embed(const BatchLayout& layout) {
  twin::embedding<float>({.num_tokens = layout.num_tokens,
                          .hidden_dim = model_.hidden_dim,
                          .first_row = shard_.embedding_rows.first,
                          .num_rows = shard_.embedding_rows.count},
                         {.tokens = layout.tokens.data(),
                          .table = weights_.embedding.data(),
                          .out = room(residual_, layout.num_tokens, model_.hidden_dim)});
  sum_over_stage(residual_, elements(layout.num_tokens, model_.hidden_dim));
}

void CpuStageExecutor::attend(const BatchLayout& layout,
                              const CpuLayerWeights& layer,
                              LayerCache& cache) {
  const int rows = layout.num_tokens;
  const int heads = shard_.heads.count;
  const int kv_heads = shard_.kv_heads.count;
  const int query_width = heads * model_.head_dim;
  const int qkv_width = query_width + 2 * kv_heads * model_.head_dim;
  float* qkv = room(qkv_, rows, qkv_width);
  gemm_fp32(rows, qkv_width, model_.hidden_dim, normed_.data(), layer.qkv.data(), qkv);
  twin::rope_append<float>({.num_tokens = rows,
                            .num_heads = heads,
                            .num_kv_heads = kv_heads,
                            .head_dim = model_.head_dim,
                            .epsilon = static_cast<float>(model_.rms_norm_epsilon)},
                           {.qkv = qkv,
                            .bias = data_or_null(layer.qkv_bias),
                            .q_norm = data_or_null(layer.q_norm),
                            .k_norm = data_or_null(layer.k_norm),
                            .inverse_frequencies = inverse_frequencies_.data(),
                            .positions = layout.positions.data(),
                            .slots = layout.slots.data(),
                            .q = room(q_, rows, query_width),
                            .cache = {cache.k.data(), cache.v.data()}});
  twin::attention_prefill<float>({.num_sequences = layout.num_sequences,
                                  .num_heads = heads,
                                  .num_kv_heads = kv_heads,
                                  .head_dim = model_.head_dim,
                                  .max_blocks = layout.max_blocks,
                                  .max_queries = layout.max_queries},
                                 {.q = q_.data(),
                                  .cache = {cache.k.data(), cache.v.data()},
                                  .block_table = layout.block_table.data(),
                                  .query_starts = layout.query_starts.data(),
                                  .context_tokens = layout.context_tokens.data(),
                                  .out = room(attention_, rows, query_width)});
  gemm_fp32(rows,
            model_.hidden_dim,
            query_width,
            attention_.data(),
            layer.attention_output.data(),
            room(partial_, rows, model_.hidden_dim));
  sum_over_stage(partial_, elements(rows, model_.hidden_dim));
}

void CpuStageExecutor::feed_forward(int rows, const CpuLayerWeights& layer) {
  const int columns = shard_.ffn_columns.count;
  float* gate_up = room(gate_up_, rows, 2 * columns);
  gemm_fp32(rows, 2 * columns, model_.hidden_dim, normed_.data(), layer.gate_up.data(), gate_up);
  float* activated = room(activated_, rows, columns);
  twin::silu_mul<float>({.num_rows = rows, .width = columns},
                        {.gate_up = gate_up, .out = activated});
  gemm_fp32(rows,
            model_.hidden_dim,
            columns,
            activated,
            layer.down.data(),
            room(partial_, rows, model_.hidden_dim));
  sum_over_stage(partial_, elements(rows, model_.hidden_dim));
}

void CpuStageExecutor::add_and_normalise(int rows, const float* addend, const float* weight) {
  twin::rms_norm<float>(
      {.num_rows = rows,
       .width = model_.hidden_dim,
       .epsilon = static_cast<float>(model_.rms_norm_epsilon)},
      {.x = addend,
       .residual = residual_.data(),
       .weight = weight,
       .out = weight != nullptr ? room(normed_, rows, model_.hidden_dim) : nullptr});
}

void CpuStageExecutor::sum_over_stage(std::vector<float>& values, std::size_t count) {
  stage_.all_reduce_sum(reinterpret_cast<std::byte*>(values.data()), count, ElementType::kFloat32);
}

std::vector<float> CpuStageExecutor::own_logits(const BatchLayout& layout) {
  const int rows = static_cast<int>(layout.sampled_rows.size());
  std::vector<float> hidden;
  for (const int row : layout.sampled_rows) {
    const auto first =
        residual_.begin() + static_cast<std::ptrdiff_t>(elements(row, model_.hidden_dim));
    hidden.insert(hidden.end(), first, first + model_.hidden_dim);
  }
  std::vector<float> normed(hidden.size());
  twin::rms_norm<float>(
      {.num_rows = rows,
       .width = model_.hidden_dim,
       .epsilon = static_cast<float>(model_.rms_norm_epsilon)},
      {.residual = hidden.data(), .weight = weights_.final_norm.data(), .out = normed.data()});
  std::vector<float> logits(elements(rows, shard_.lm_head_rows.count));
  gemm_fp32(rows,
            shard_.lm_head_rows.count,
            model_.hidden_dim,
            normed.data(),
            weights_.head().data(),
            logits.data());
  return logits;
}

std::vector<float> CpuStageExecutor::gather_logits(const BatchLayout& layout) {
  std::vector<float> own = own_logits(layout);
  if (stage_.rank() != 0) {
    stage_.send(std::as_bytes(std::span(own)), 0);
    return {};
  }
  const auto rows = static_cast<int>(layout.sampled_rows.size());
  std::vector<float> all(elements(rows, model_.vocab_size));
  for (int rank = 0; rank < stage_.size(); ++rank) {
    const IndexRange part = vocabulary_[static_cast<std::size_t>(rank)];
    std::vector<float> received(elements(rows, part.count));
    if (rank == 0) {
      received = std::move(own);
    } else {
      stage_.receive(std::as_writable_bytes(std::span(received)), rank);
    }
    for (int row = 0; row < rows; ++row) {
      std::copy_n(
          received.begin() + static_cast<std::ptrdiff_t>(elements(row, part.count)),
          part.count,
          all.begin() + static_cast<std::ptrdiff_t>(elements(row, model_.vocab_size)) + part.first);
    }
  }
  return all;
}

std::vector<TokenChoice> CpuStageExecutor::sample(const StepBatch& batch) {
  const BatchLayout layout = batch_layout(batch);
  if (layout.sampled_rows.empty()) {
    return {};
  }
  const std::vector<float> logits = gather_logits(layout);
  if (stage_.rank() != 0) {
    return {};
  }
  const std::vector<kernels::SamplingParameters> parameters = sampling_parameters(batch);
  std::vector<int> tokens(parameters.size());
  twin::sample(
      {.num_sequences = static_cast<int>(parameters.size()), .vocab_size = model_.vocab_size},
      {.logits = logits.data(), .parameters = parameters.data(), .tokens = tokens.data()});
  return describe_choices(batch, logits, tokens);
}

}  // namespace hexgen
