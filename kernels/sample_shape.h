#pragma once

#include <cstdint>

namespace hexgen::kernels {

/// How one sequence's next token is drawn.
struct SamplingParameters {
  float temperature = 0;   // 0: the token with the largest logit, the first among equals
  int top_k = 0;           // only the k most likely tokens; 0: all
  float top_p = 1;         // of those only the fewest whose probabilities add up to top_p
  std::uint64_t seed = 0;  // with the position, the only randomness
  int position = 0;        // of the token that is drawn
};

struct SampleShape {
  int num_sequences = 0;
  int vocab_size = 0;
};

/// Draws a token a sequence. A token's weight is exp((logit - largest logit) / temperature) as a
/// whole number of 2^-32, so that sums do not depend on their order, and the token is the first
/// whose weight, added to those of the kept tokens before it, exceeds
/// random_unit(seed, position) times the sum of all kept ones. Where the k-th and later tokens are
/// equal, or those at the edge of top_p, the ones with smaller indices are kept.
struct SampleData {
  const float* logits = nullptr;                   // [num_sequences, vocab_size], finite
  const SamplingParameters* parameters = nullptr;  // [num_sequences]
  int* tokens = nullptr;                           // [num_sequences]
  float* logprobs = nullptr;  // [num_sequences]: natural, of the tokens drawn, of the distribution
                              // before temperature and cuts; null: not wanted
};

}  // namespace hexgen::kernels
