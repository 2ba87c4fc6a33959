#pragma once

#include "runner/cpu/cpu_weights.h"
#include "runner/engine/batch_layout.h"
#include "runner/engine/stage_executor.h"

namespace hexgen {

/// The reference: a stage's layers in fp32 on a CPU, by the twins of the kernels and OpenBLAS.
class CpuStageExecutor : public StageExecutor {
 public:
  /// `stage` joins the ranks of the stage and must outlive the executor.
  CpuStageExecutor(const ExecutorSetup& setup, Communicator& stage);

  std::span<std::byte> residual(const StepBatch& batch) override;

  ElementType element_type() const override { return ElementType::kFloat32; }

  void run(const StepBatch& batch) override;
  std::vector<TokenChoice> sample(const StepBatch& batch) override;

 private:
  struct LayerCache {
    std::vector<float> k;
    std::vector<float> v;
  };

  void embed(const BatchLayout& layout);
  void attend(const BatchLayout& layout, const CpuLayerWeights& layer, LayerCache& cache);
  void feed_forward(int rows, const CpuLayerWeights& layer);

  /// residual += partial sum of the last block, once summed over the stage; its norm goes to
  /// normed_ unless weight is null.
  void add_and_normalise(int rows, const float* addend, const float* weight);
  void sum_over_stage(std::vector<float>& values, std::size_t count);

  /// Logits of the sampled rows: the whole vocabulary on rank 0, nothing on the others.
  std::vector<float> gather_logits(const BatchLayout& layout);
  std::vector<float> own_logits(const BatchLayout& layout);

  ModelSpec model_;
  DeviceShard shard_;
  std::vector<IndexRange> vocabulary_;  // rows of the LM head on each rank of the stage
  Communicator& stage_;
  CpuStageWeights weights_;
  std::vector<LayerCache> caches_;
  std::vector<float> inverse_frequencies_;

  // Activations of one batch, as large as the largest so far.
  std::vector<float> residual_;   // [tokens, hidden_dim]
  std::vector<float> normed_;     // [tokens, hidden_dim]
  std::vector<float> qkv_;        // [tokens, heads + 2 kv_heads, head_dim]
  std::vector<float> q_;          // [tokens, heads, head_dim]
  std::vector<float> attention_;  // [tokens, heads, head_dim]
  std::vector<float> gate_up_;    // [tokens, 2, ffn_columns]
  std::vector<float> activated_;  // [tokens, ffn_columns]
  std::vector<float> partial_;    // [tokens, hidden_dim]: this rank's addend of the residual
};

}  // namespace hexgen
