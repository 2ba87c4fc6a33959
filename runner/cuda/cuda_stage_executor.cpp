#include "runner/cuda/cuda_stage_executor.h"

#include <string>

#include "kernels/attention_decode.h"
#include "kernels/attention_prefill.h"
#include "kernels/embedding.h"
#include "kernels/rms_norm.h"
#include "kernels/rope_append.h"
#include "kernels/silu_mul.h"
#include "profiles/errors.h"
#include "runner/engine/rope_frequencies.h"
#include "runner/engine/token_choice.h"

namespace hexgen {
namespace {

std::size_t elements(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

const ExecutorSetup& checked(const ExecutorSetup& setup) {
  const ModelSpec& model = setup.model;
  if (model.hidden_dim % kWeightUnit != 0) {
    throw InputError("hidden_size: " + std::to_string(model.hidden_dim) +
                     " is not a multiple of 8, which the GPU kernels need");
  }
  if (!kernels::attention_prefill_has(model.head_dim)) {
    throw InputError("head_dim: " + std::to_string(model.head_dim) +
                     " has no GPU kernel; there are some for multiples of 4 up to 32 and of 8 up "
                     "to 128");
  }
  return setup;
}

}  // namespace

template <typename T>
typename CudaStageExecutor<T>::Activations CudaStageExecutor<T>::make_activations(
    const CudaContext& context, const ExecutorSetup& setup) {
  const int rows = setup.max_batch_tokens;
  const int hidden = setup.model.hidden_dim;
  const int query = setup.shard().heads.count * setup.model.head_dim;
  const int kv = setup.shard().kv_heads.count * setup.model.head_dim;
  const int ffn = filled_up(setup.shard().ffn_columns.count);
  const std::size_t scratch =
      kernels::attention_decode_most_scratch_bytes({.num_sequences = rows,
                                                    .num_heads = setup.shard().heads.count,
                                                    .num_kv_heads = setup.shard().kv_heads.count,
                                                    .head_dim = setup.model.head_dim},
                                                   context.multiprocessors());
  return {.residual = Values(elements(rows, hidden)),
          .normed = Values(elements(rows, hidden)),
          .qkv = Values(elements(rows, query + 2 * kv)),
          .q = Values(elements(rows, query)),
          .attention = Values(elements(rows, query)),
          .gate_up = Values(elements(rows, 2 * ffn)),
          .activated = Values(elements(rows, ffn)),
          .partial = Values(elements(rows, hidden)),
          .decode_scratch = DeviceBuffer<std::byte>(scratch)};
}

template <typename T>
CudaStageExecutor<T>::CudaStageExecutor(CudaContext& context,
                                        const ExecutorSetup& setup,
                                        Communicator& stage)
    : context_(context),
      model_(checked(setup).model),
      shard_(setup.shard()),
      stage_(stage),
      weights_(load_cuda_weights<T>(*setup.weights, stage_tensors(setup.model, setup.shard()))),
      inverse_frequencies_(rope_inverse_frequencies(setup.model)),
      activations_(make_activations(context, setup)),
      products_(context.blas()),
      sampler_(context, setup, weights_, products_, stage),
      upload_(context) {
  const std::size_t cache_elements =
      elements(setup.kv_blocks * kernels::kKvBlockTokens, shard_.kv_heads.count * model_.head_dim);
  for (int layer = 0; layer < shard_.layers.count; ++layer) {
    caches_.push_back({Values(cache_elements), Values(cache_elements)});
  }
}

template <typename T>
CudaStageExecutor<T>::~CudaStageExecutor() {
  context_.drain();
}

template <typename T>
std::span<std::byte> CudaStageExecutor<T>::residual(const StepBatch& batch) {
  return std::as_writable_bytes(
      std::span(activations_.residual.data(), elements(batch.num_tokens(), model_.hidden_dim)));
}

template <typename T>
void CudaStageExecutor<T>::run(const StepBatch& batch) {
  batch_ = upload_.upload(batch_layout(batch), sampling_parameters(batch));
  if (batch_.max_queries == 1 && stage_.size() == 1) {
    replay(batch_);
  } else {
    enqueue(batch_);
  }
}

template <typename T>
std::vector<TokenChoice> CudaStageExecutor<T>::sample(const StepBatch& batch) {
  return sampler_.sample(batch, batch_, activations_.residual.data());
}

template <typename T>
void CudaStageExecutor<T>::replay(const DeviceBatch& batch) {
  if (graphs_memory_ != upload_.memory()) {
    context_.wait();
    graphs_.clear();
    graphs_memory_ = upload_.memory();
  }
  const auto [graph, is_new] = graphs_.try_emplace({batch.num_sequences, batch.max_blocks});
  if (is_new) {
    enqueue(batch);
    return;
  }
  if (graph->second == nullptr) {
    graph->second = std::make_unique<CudaGraph>(context_.stream(), [&] { enqueue(batch); });
  }
  graph->second->launch(context_.stream());
}

template <typename T>
void CudaStageExecutor<T>::enqueue(const DeviceBatch& batch) {
  if (shard_.position.first) {
    embed(batch);
  }
  const T* addend = nullptr;
  for (std::size_t i = 0; i < weights_.layers.size(); ++i) {
    const CudaLayerWeights<T>& layer = weights_.layers[i];
    add_and_normalise(batch.num_tokens, addend, layer.attention_norm.data());
    attend(batch, layer, caches_[i]);
    add_and_normalise(batch.num_tokens, activations_.partial.data(), layer.mlp_norm.data());
    feed_forward(batch.num_tokens, layer);
    addend = activations_.partial.data();
  }
  add_and_normalise(batch.num_tokens, addend, nullptr);
}

template <typename T>
void CudaStageExecutor<T>::embed(const DeviceBatch& batch) {
  HEXGEN_CUDA_CHECK(kernels::embedding<T>({.num_tokens = batch.num_tokens,
                                           .hidden_dim = model_.hidden_dim,
                                           .first_row = shard_.embedding_rows.first,
                                           .num_rows = shard_.embedding_rows.count},
                                          {.tokens = batch.tokens,
                                           .table = weights_.embedding.data(),
                                           .out = activations_.residual.data()},
                                          context_.stream().get()));
  sum_over_stage(activations_.residual, batch.num_tokens);
}

template <typename T>
void CudaStageExecutor<T>::attend(const DeviceBatch& batch,
                                  const CudaLayerWeights<T>& layer,
                                  const LayerCache& cache) {
  const int rows = batch.num_tokens;
  const int query = shard_.heads.count * model_.head_dim;
  const int qkv = query + 2 * shard_.kv_heads.count * model_.head_dim;
  multiply({rows, model_.hidden_dim, qkv}, activations_.normed, layer.qkv, activations_.qkv);
  HEXGEN_CUDA_CHECK(
      kernels::rope_append<T>({.num_tokens = rows,
                               .num_heads = shard_.heads.count,
                               .num_kv_heads = shard_.kv_heads.count,
                               .head_dim = model_.head_dim,
                               .epsilon = static_cast<float>(model_.rms_norm_epsilon)},
                              {.qkv = activations_.qkv.data(),
                               .bias = layer.qkv_bias.data(),
                               .q_norm = layer.q_norm.data(),
                               .k_norm = layer.k_norm.data(),
                               .inverse_frequencies = inverse_frequencies_.data(),
                               .positions = batch.positions,
                               .slots = batch.slots,
                               .q = activations_.q.data(),
                               .cache = {cache.k.data(), cache.v.data()}},
                              context_.stream().get()));
  attend_decodes(batch, {cache.k.data(), cache.v.data()});
  attend_prefills(batch, {cache.k.data(), cache.v.data()});
  multiply({rows, query, model_.hidden_dim},
           activations_.attention,
           layer.attention_output,
           activations_.partial);
  sum_over_stage(activations_.partial, rows);
}

template <typename T>
int CudaStageExecutor<T>::decodes(const DeviceBatch& batch) const {
  return kernels::attention_decode_has(model_.head_dim) ? batch.num_decodes : 0;
}

template <typename T>
void CudaStageExecutor<T>::attend_decodes(const DeviceBatch& batch,
                                          kernels::KvCache<const T> cache) {
  if (decodes(batch) == 0) {
    return;
  }
  kernels::DecodeAttentionShape shape = {.num_sequences = decodes(batch),
                                         .num_heads = shard_.heads.count,
                                         .num_kv_heads = shard_.kv_heads.count,
                                         .head_dim = model_.head_dim,
                                         .max_blocks = batch.max_blocks};
  shape.num_splits = kernels::choose_num_splits(shape, context_.multiprocessors());
  HEXGEN_CUDA_CHECK(kernels::attention_decode<T>(shape,
                                                 {.q = activations_.q.data(),
                                                  .cache = cache,
                                                  .block_table = batch.block_table,
                                                  .context_tokens = batch.context_tokens,
                                                  .out = activations_.attention.data()},
                                                 activations_.decode_scratch.data(),
                                                 context_.stream().get()));
}

template <typename T>
void CudaStageExecutor<T>::attend_prefills(const DeviceBatch& batch,
                                           kernels::KvCache<const T> cache) {
  const int first = decodes(batch);
  if (first == batch.num_sequences) {
    return;
  }
  HEXGEN_CUDA_CHECK(kernels::attention_prefill<T>(
      {.num_sequences = batch.num_sequences - first,
       .num_heads = shard_.heads.count,
       .num_kv_heads = shard_.kv_heads.count,
       .head_dim = model_.head_dim,
       .max_blocks = batch.max_blocks,
       .max_queries = batch.max_queries},
      {.q = activations_.q.data(),
       .cache = cache,
       .block_table = batch.block_table + elements(first, batch.max_blocks),
       .query_starts = batch.query_starts + first,
       .context_tokens = batch.context_tokens + first,
       .out = activations_.attention.data()},
      context_.stream().get()));
}

template <typename T>
void CudaStageExecutor<T>::feed_forward(int rows, const CudaLayerWeights<T>& layer) {
  const int ffn = filled_up(shard_.ffn_columns.count);
  multiply(
      {rows, model_.hidden_dim, 2 * ffn}, activations_.normed, layer.gate_up, activations_.gate_up);
  HEXGEN_CUDA_CHECK(kernels::silu_mul<T>(
      {.num_rows = rows, .width = ffn},
      {.gate_up = activations_.gate_up.data(), .out = activations_.activated.data()},
      context_.stream().get()));
  multiply(
      {rows, ffn, model_.hidden_dim}, activations_.activated, layer.down, activations_.partial);
  sum_over_stage(activations_.partial, rows);
}

template <typename T>
void CudaStageExecutor<T>::add_and_normalise(int rows, const T* addend, const T* weight) {
  HEXGEN_CUDA_CHECK(
      kernels::rms_norm<T>({.num_rows = rows,
                            .width = model_.hidden_dim,
                            .epsilon = static_cast<float>(model_.rms_norm_epsilon)},
                           {.x = addend,
                            .residual = activations_.residual.data(),
                            .weight = weight,
                            .out = weight != nullptr ? activations_.normed.data() : nullptr},
                           context_.stream().get()));
}

template <typename T>
void CudaStageExecutor<T>::multiply(const GemmShape& shape,
                                    const Values& x,
                                    const Values& w,
                                    const Values& y) {
  products_.multiply(shape, x.data(), w.data(), y.data(), context_.stream());
}

template <typename T>
void CudaStageExecutor<T>::sum_over_stage(const Values& values, int rows) {
  if (stage_.size() > 1) {
    stage_.all_reduce_sum(reinterpret_cast<std::byte*>(values.data()),
                          elements(rows, model_.hidden_dim),
                          kElementType<T>);
  }
}

template class CudaStageExecutor<kernels::Bfloat16>;
template class CudaStageExecutor<kernels::Float16>;

}  // namespace hexgen
