#pragma once

#include <vector>

#include "runner/cuda/batch_upload.h"
#include "runner/cuda/cuda_context.h"
#include "runner/cuda/cuda_weights.h"
#include "runner/cuda/products.h"
#include "runner/engine/stage_executor.h"

namespace hexgen {

/// The end of the last stage: final norm, LM head over the ranks' parts of the vocabulary, draws.
/// T: Bfloat16 or Float16.
template <typename T>
class CudaSampler {
 public:
  /// All of them must outlive the sampler.
  CudaSampler(CudaContext& context,
              const ExecutorSetup& setup,
              const CudaStageWeights<T>& weights,
              Products& products,
              Communicator& stage);

  /// As StageExecutor::sample(); waits for the GPU. residual: that of the batch.
  std::vector<TokenChoice> sample(const StepBatch& batch,
                                  const DeviceBatch& device,
                                  const T* residual);

 private:
  void own_logits(const DeviceBatch& device, const T* residual);

  /// Logits of the sampled rows on rank 0: [samples, vocab_size]; null on the others.
  const float* gather_logits(int samples);
  void place(const float* part, int rank, int samples);
  std::vector<TokenChoice> draw(const StepBatch& batch,
                                const DeviceBatch& device,
                                const float* logits);
  TokenChoice describe(TokenLogprob drawn, int top, const float* logits) const;

  int part_width(int rank) const {
    return filled_up(vocabulary_[static_cast<std::size_t>(rank)].count);
  }

  template <typename Element>
  void reserve(DeviceBuffer<Element>& buffer, int rows, int columns) const;

  CudaContext& context_;
  const CudaStageWeights<T>& weights_;
  Products& products_;
  Communicator& stage_;
  ModelSpec model_;
  std::vector<IndexRange> vocabulary_;  // rows of the LM head on each rank of the stage

  // As large as the largest batch so far.
  DeviceBuffer<T> rows_{0};          // [samples, hidden_dim]
  DeviceBuffer<T> normed_{0};        // [samples, hidden_dim]
  DeviceBuffer<float> own_{0};       // [samples, part_width(own rank)]
  DeviceBuffer<float> received_{0};  // [samples, part_width(another rank)]
  DeviceBuffer<float> logits_{0};    // [samples, vocab_size]
  DeviceBuffer<int> tokens_{0};      // [samples]
  DeviceBuffer<float> logprobs_{0};  // [samples]
};

}  // namespace hexgen
