#include "kernels/reference/sample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "kernels/random_value.h"

namespace hexgen::kernels::reference {
namespace {

/// A token that may be drawn.
struct Candidate {
  int token = 0;
  std::uint64_t weight = 0;
};

/// The top_k tokens with their weights, most likely first.
std::vector<Candidate> rank_tokens(const float* logits,
                                   int vocab_size,
                                   const SamplingParameters& p) {
  std::vector<int> order(static_cast<std::size_t>(vocab_size));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return logits[a] > logits[b]; });
  if (p.top_k > 0 && p.top_k < vocab_size) {
    order.resize(static_cast<std::size_t>(p.top_k));
  }
  const float largest = logits[order.front()];
  std::vector<Candidate> ranked;
  for (const int token : order) {
    const float share = std::exp((logits[token] - largest) / p.temperature);
    ranked.push_back({token, static_cast<std::uint64_t>(share * 0x1p32F)});
  }
  return ranked;
}

std::uint64_t sum_of_weights(const std::vector<Candidate>& candidates) {
  std::uint64_t sum = 0;
  for (const Candidate& candidate : candidates) {
    sum += candidate.weight;
  }
  return sum;
}

/// Keeps the first candidates whose weights reach top_p of the sum.
void keep_top_p(std::vector<Candidate>& ranked, float top_p) {
  const double needed = double{top_p} * static_cast<double>(sum_of_weights(ranked));
  std::uint64_t sum = 0;
  std::size_t kept = 0;
  while (kept < ranked.size() && (kept == 0 || static_cast<double>(sum) < needed)) {
    sum += ranked[kept].weight;
    ++kept;
  }
  ranked.resize(kept);
}

int sample_one(const float* logits, int vocab_size, const SamplingParameters& p) {
  if (p.temperature <= 0) {
    return static_cast<int>(std::max_element(logits, logits + vocab_size) - logits);
  }
  std::vector<Candidate> kept = rank_tokens(logits, vocab_size, p);
  keep_top_p(kept, p.top_p);
  std::sort(kept.begin(), kept.end(), [](const Candidate& a, const Candidate& b) {
    return a.token < b.token;
  });
  const double unit = random_unit(p.seed, static_cast<std::uint64_t>(p.position));
  const auto target = static_cast<std::uint64_t>(unit * static_cast<double>(sum_of_weights(kept)));
  std::uint64_t sum = 0;
  const auto drawn = std::find_if(kept.begin(), kept.end(), [&](const Candidate& candidate) {
    sum += candidate.weight;
    return sum > target;
  });
  return drawn->token;
}

float logprob(const float* logits, int vocab_size, int token) {
  const double largest = *std::max_element(logits, logits + vocab_size);
  double sum = 0;
  for (int i = 0; i < vocab_size; ++i) {
    sum += std::exp(logits[i] - largest);
  }
  return static_cast<float>(logits[token] - largest - std::log(sum));
}

}  // namespace

void sample(const SampleShape& shape, const SampleData& data) {
  for (int sequence = 0; sequence < shape.num_sequences; ++sequence) {
    const float* logits = data.logits + std::ptrdiff_t{sequence} * shape.vocab_size;
    data.tokens[sequence] = sample_one(logits, shape.vocab_size, data.parameters[sequence]);
    if (data.logprobs != nullptr) {
      data.logprobs[sequence] = logprob(logits, shape.vocab_size, data.tokens[sequence]);
    }
  }
}

}  // namespace hexgen::kernels::reference
