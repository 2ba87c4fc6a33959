#include "kernels/random_value.h"
#include "kernels/sample.h"
#include "kernels/sample_select.cuh"

namespace hexgen::kernels {
namespace {

/// First index of the largest logit.
__device__ int most_likely(const float* logits, int vocab_size) {
  Ranked best = {0, 0};
  for (int i = static_cast<int>(threadIdx.x); i < vocab_size; i += kSampleThreads) {
    best = better(best, {order_key(logits[i]), static_cast<unsigned>(i)});
  }
  return static_cast<int>(best_of_block(best).index);
}

/// The tokens that top_k and top_p leave, and the sum of their weights.
struct Kept {
  Cut cut;
  std::uint64_t weight;
};

__device__ Kept keep(const TokenWeights& tokens, const SamplingParameters& parameters) {
  Kept kept = {{0, ~0ULL}, 0};
  if (parameters.top_k > 0 && parameters.top_k < tokens.vocab_size) {
    kept.cut = find_cut(tokens, kept.cut, parameters.top_k, [](float) { return 1ULL; });
  }
  const auto weight_of = [&](float logit) { return tokens.weight(logit); };
  kept.weight = kept_weight(tokens, kept.cut);
  if (parameters.top_p < 1) {
    const double needed = ceil(double{parameters.top_p} * static_cast<double>(kept.weight));
    const auto at_least = static_cast<std::uint64_t>(fmax(needed, 1.0));
    kept.cut = find_cut(tokens, kept.cut, at_least, weight_of);
    kept.weight = kept_weight(tokens, kept.cut);
  }
  return kept;
}

__device__ int draw(const float* logits,
                    int vocab_size,
                    int best,
                    const SamplingParameters& parameters) {
  if (parameters.temperature <= 0) {
    return best;
  }
  const TokenWeights tokens = {logits, vocab_size, logits[best], parameters.temperature};
  const Kept kept = keep(tokens, parameters);
  const double unit = random_unit(parameters.seed, static_cast<std::uint64_t>(parameters.position));
  const auto target = static_cast<std::uint64_t>(unit * static_cast<double>(kept.weight));
  return token_at(tokens, kept.cut, target);
}

__device__ float logprob(const float* logits, int vocab_size, float largest, float logit) {
  float sum = 0;
  for (int i = static_cast<int>(threadIdx.x); i < vocab_size; i += kSampleThreads) {
    sum += expf(logits[i] - largest);
  }
  return logit - largest - logf(sum_over_block(sum));
}

/// One block a sequence.
__global__ void __launch_bounds__(kSampleThreads)
    sample_kernel(SampleShape shape, SampleData data) {
  const float* logits = data.logits + std::size_t{blockIdx.x} * shape.vocab_size;
  const int best = most_likely(logits, shape.vocab_size);
  const int token = draw(logits, shape.vocab_size, best, data.parameters[blockIdx.x]);
  if (threadIdx.x == 0) {
    data.tokens[blockIdx.x] = token;
  }
  if (data.logprobs != nullptr) {
    data.logprobs[blockIdx.x] = logprob(logits, shape.vocab_size, logits[best], logits[token]);
  }
}

}  // namespace

cudaError_t sample(const SampleShape& shape, const SampleData& data, cudaStream_t stream) {
  sample_kernel<<<shape.num_sequences, kSampleThreads, 0, stream>>>(shape, data);
  return cudaGetLastError();
}

}  // namespace hexgen::kernels
