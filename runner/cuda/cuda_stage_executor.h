#pragma once

#include <map>
#include <memory>
#include <utility>

#include "kernels/kv_cache.h"
#include "runner/cuda/batch_upload.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/cuda_sampler.h"
#include "runner/cuda/cuda_weights.h"
#include "runner/cuda/products.h"
#include "runner/cuda_graph.h"
#include "runner/engine/stage_executor.h"

namespace hexgen {

/// A stage's layers on a GPU in T, Bfloat16 or Float16, with fp32 sums. Decode steps of a stage of
/// one device are captured into a CUDA graph the second time that their shape comes; the first run
/// loads what a capture may not.
template <typename T>
class CudaStageExecutor : public StageExecutor {
 public:
  /// `context` and `stage`, which joins the ranks of the stage, must outlive the executor. Throws
  /// InputError for a model that there are no kernels for.
  CudaStageExecutor(CudaContext& context, const ExecutorSetup& setup, Communicator& stage);
  ~CudaStageExecutor() override;

  std::span<std::byte> residual(const StepBatch& batch) override;

  ElementType element_type() const override { return kElementType<T>; }

  void run(const StepBatch& batch) override;
  std::vector<TokenChoice> sample(const StepBatch& batch) override;

 private:
  using Values = DeviceBuffer<T>;

  struct LayerCache {
    Values k;
    Values v;
  };

  /// Activations of one batch.
  struct Activations {
    Values residual;   // [tokens, hidden_dim]
    Values normed;     // [tokens, hidden_dim]
    Values qkv;        // [tokens, heads + 2 kv_heads, head_dim]
    Values q;          // [tokens, heads, head_dim]
    Values attention;  // [tokens, heads, head_dim]
    Values gate_up;    // [tokens, 2, ffn columns, filled up]
    Values activated;  // [tokens, ffn columns, filled up]
    Values partial;    // [tokens, hidden_dim]: this rank's addend of the residual
    DeviceBuffer<std::byte> decode_scratch;
  };

  /// Decode steps of one number of sequences and one row length of the block table.
  using GraphShape = std::pair<int, int>;

  static Activations make_activations(const CudaContext& context, const ExecutorSetup& setup);
  void replay(const DeviceBatch& batch);
  void enqueue(const DeviceBatch& batch);
  void embed(const DeviceBatch& batch);
  void attend(const DeviceBatch& batch, const CudaLayerWeights<T>& layer, const LayerCache& cache);

  /// Sequences that the decode kernel takes; prefill attention takes the others.
  int decodes(const DeviceBatch& batch) const;
  void attend_decodes(const DeviceBatch& batch, kernels::KvCache<const T> cache);
  void attend_prefills(const DeviceBatch& batch, kernels::KvCache<const T> cache);
  void feed_forward(int rows, const CudaLayerWeights<T>& layer);

  /// residual += addend unless that is null; its norm goes to `normed` unless weight is null.
  void add_and_normalise(int rows, const T* addend, const T* weight);
  void multiply(const GemmShape& shape, const Values& x, const Values& w, const Values& y);
  void sum_over_stage(const Values& values, int rows);

  CudaContext& context_;
  ModelSpec model_;
  DeviceShard shard_;
  Communicator& stage_;
  CudaStageWeights<T> weights_;
  std::vector<LayerCache> caches_;
  DeviceBuffer<float> inverse_frequencies_;
  Activations activations_;
  Products products_;
  CudaSampler<T> sampler_;
  BatchUpload upload_;
  DeviceBatch batch_;  // of the last run()
  const void* graphs_memory_ = nullptr;
  std::map<GraphShape, std::unique_ptr<CudaGraph>> graphs_;  // null: seen once
};

}  // namespace hexgen
