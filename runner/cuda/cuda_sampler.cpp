#include "runner/cuda/cuda_sampler.h"

#include "kernels/embedding.h"
#include "kernels/rms_norm.h"
#include "kernels/sample.h"
#include "runner/engine/token_choice.h"

namespace hexgen {
namespace {

std::size_t elements(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

}  // namespace

template <typename T>
CudaSampler<T>::CudaSampler(CudaContext& context,
                            const ExecutorSetup& setup,
                            const CudaStageWeights<T>& weights,
                            Products& products,
                            Communicator& stage)
    : context_(context),
      weights_(weights),
      products_(products),
      stage_(stage),
      model_(setup.model) {
  for (const DeviceShard& shard : setup.shards) {
    vocabulary_.push_back(shard.lm_head_rows);
  }
}

template <typename T>
template <typename Element>
void CudaSampler<T>::reserve(DeviceBuffer<Element>& buffer, int rows, int columns) const {
  if (buffer.size() < elements(rows, columns)) {
    context_.wait();  // earlier work may still use the old memory
    buffer = DeviceBuffer<Element>(elements(rows, columns));
  }
}

template <typename T>
void CudaSampler<T>::own_logits(const DeviceBatch& device, const T* residual) {
  const int samples = device.num_samples;
  const int width = part_width(stage_.rank());
  reserve(rows_, samples, model_.hidden_dim);
  reserve(normed_, samples, model_.hidden_dim);
  reserve(own_, samples, width);
  const cudaStream_t stream = context_.stream().get();
  HEXGEN_CUDA_CHECK(kernels::embedding<T>(
      {.num_tokens = samples, .hidden_dim = model_.hidden_dim, .num_rows = device.num_tokens},
      {.tokens = device.sampled_rows, .table = residual, .out = rows_.data()},
      stream));
  HEXGEN_CUDA_CHECK(kernels::rms_norm<T>(
      {.num_rows = samples,
       .width = model_.hidden_dim,
       .epsilon = static_cast<float>(model_.rms_norm_epsilon)},
      {.residual = rows_.data(), .weight = weights_.final_norm.data(), .out = normed_.data()},
      stream));
  products_.multiply({samples, model_.hidden_dim, width, true},
                     normed_.data(),
                     weights_.head().data(),
                     own_.data(),
                     context_.stream());
}

template <typename T>
void CudaSampler<T>::place(const float* part, int rank, int samples) {
  const IndexRange rows = vocabulary_[static_cast<std::size_t>(rank)];
  HEXGEN_CUDA_CHECK(cudaMemcpy2DAsync(logits_.data() + rows.first,
                                      elements(1, model_.vocab_size) * sizeof(float),
                                      part,
                                      elements(1, part_width(rank)) * sizeof(float),
                                      elements(1, rows.count) * sizeof(float),
                                      static_cast<std::size_t>(samples),
                                      cudaMemcpyDeviceToDevice,
                                      context_.stream().get()));
}

template <typename T>
const float* CudaSampler<T>::gather_logits(int samples) {
  const std::size_t own_size = elements(samples, part_width(stage_.rank()));
  if (stage_.rank() != 0) {
    stage_.send(std::as_bytes(std::span(own_.data(), own_size)), 0);
    return nullptr;
  }
  if (stage_.size() == 1 && part_width(0) == model_.vocab_size) {
    return own_.data();
  }
  reserve(logits_, samples, model_.vocab_size);
  place(own_.data(), 0, samples);
  for (int rank = 1; rank < stage_.size(); ++rank) {
    reserve(received_, samples, part_width(rank));
    const std::size_t size = elements(samples, part_width(rank));
    stage_.receive(std::as_writable_bytes(std::span(received_.data(), size)), rank);
    place(received_.data(), rank, samples);
  }
  return logits_.data();
}

template <typename T>
TokenChoice CudaSampler<T>::describe(TokenLogprob drawn, int top, const float* logits) const {
  if (top == 0) {
    return {.chosen = drawn, .top = {}};
  }
  std::vector<float> row(elements(1, model_.vocab_size));
  HEXGEN_CUDA_CHECK(
      cudaMemcpy(row.data(), logits, row.size() * sizeof(float), cudaMemcpyDeviceToHost));
  return describe_choice(row, drawn.token, top);
}

template <typename T>
std::vector<TokenChoice> CudaSampler<T>::draw(const StepBatch& batch,
                                              const DeviceBatch& device,
                                              const float* logits) {
  reserve(tokens_, device.num_samples, 1);
  reserve(logprobs_, device.num_samples, 1);
  HEXGEN_CUDA_CHECK(
      kernels::sample({.num_sequences = device.num_samples, .vocab_size = model_.vocab_size},
                      {.logits = logits,
                       .parameters = device.parameters,
                       .tokens = tokens_.data(),
                       .logprobs = logprobs_.data()},
                      context_.stream().get()));
  context_.wait();
  const std::vector<int> tokens = tokens_.to_host();
  const std::vector<float> logprobs = logprobs_.to_host();
  std::vector<TokenChoice> choices;
  for (const SequenceSlice& slice : batch.slices) {
    if (slice.sampling) {
      const std::size_t i = choices.size();
      choices.push_back(describe({tokens[i], logprobs[i]},
                                 slice.sampling->logprobs,
                                 logits + i * elements(1, model_.vocab_size)));
    }
  }
  return choices;
}

template <typename T>
std::vector<TokenChoice> CudaSampler<T>::sample(const StepBatch& batch,
                                                const DeviceBatch& device,
                                                const T* residual) {
  if (device.num_samples == 0) {
    return {};
  }
  own_logits(device, residual);
  const float* logits = gather_logits(device.num_samples);
  if (logits == nullptr) {
    return {};
  }
  return draw(batch, device, logits);
}

template class CudaSampler<kernels::Bfloat16>;
template class CudaSampler<kernels::Float16>;

}  // namespace hexgen
