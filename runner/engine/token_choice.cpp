#include "runner/engine/token_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hexgen {
namespace {

double log_sum_exp(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  const double sum =
      std::accumulate(logits.begin(), logits.end(), 0.0, [&](double so_far, float logit) {
        return so_far + std::exp(logit - largest);
      });
  return largest + std::log(sum);
}

}  // namespace

TokenChoice describe_choice(std::span<const float> logits, int token, int top) {
  const double normaliser = log_sum_exp(logits);
  const auto entry = [&](int id) {
    const double logprob = logits[static_cast<std::size_t>(id)] - normaliser;
    return TokenLogprob{.token = id, .logprob = static_cast<float>(logprob)};
  };
  TokenChoice choice = {.chosen = entry(token)};
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = std::min(static_cast<std::ptrdiff_t>(top), std::ssize(order));
  std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](int a, int b) {
    const float first = logits[static_cast<std::size_t>(a)];
    const float second = logits[static_cast<std::size_t>(b)];
    return first != second ? first > second : a < b;
  });
  std::transform(order.begin(), order.begin() + count, std::back_inserter(choice.top), entry);
  return choice;
}

std::vector<TokenChoice> describe_choices(const StepBatch& batch,
                                          std::span<const float> logits,
                                          std::span<const int> tokens) {
  const std::size_t vocab_size = logits.size() / tokens.size();
  std::vector<TokenChoice> choices;
  for (const SequenceSlice& slice : batch.slices) {
    if (slice.sampling) {
      const std::size_t row = choices.size();
      choices.push_back(describe_choice(
          logits.subspan(row * vocab_size, vocab_size), tokens[row], slice.sampling->logprobs));
    }
  }
  return choices;
}

std::vector<kernels::SamplingParameters> sampling_parameters(const StepBatch& batch) {
  std::vector<kernels::SamplingParameters> parameters;
  for (const SequenceSlice& slice : batch.slices) {
    if (slice.sampling) {
      parameters.push_back({.temperature = slice.sampling->temperature,
                            .top_k = slice.sampling->top_k,
                            .top_p = slice.sampling->top_p,
                            .seed = slice.sampling->seed,
                            .position = slice.context_tokens()});
    }
  }
  return parameters;
}

}  // namespace hexgen
