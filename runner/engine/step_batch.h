#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace hexgen {

/// How the tokens of a request are drawn, and what is reported of their distribution. With the seed
/// and a token's position the draw is determined, whatever the plan and the batch.
struct SamplingOptions {
  float temperature = 0;  // 0: greedy
  int top_k = 0;          // only the k most likely tokens; 0: all
  float top_p = 1;        // of those only the fewest whose probabilities add up to top_p
  std::uint64_t seed = 1;
  int logprobs = 0;  // most likely tokens to report with their log-probabilities; 0: none
};

/// Consecutive tokens of one sequence that a batch computes: a whole prompt, a chunk of one, or the
/// one token of a decode step.
struct SequenceSlice {
  std::uint64_t request = 0;
  int first_position = 0;   // of tokens[0]; the tokens before it are in the KV cache
  std::vector<int> tokens;  // at least one
  std::vector<int> blocks;  // KV blocks of the sequence, enough for all of its tokens so far
  std::optional<SamplingOptions> sampling;  // of the last token's successor; none inside a prompt

  int num_tokens() const { return static_cast<int>(tokens.size()); }

  int context_tokens() const { return first_position + num_tokens(); }
};

/// What all ranks of a pipeline compute together in one step: one micro-batch. Slices of one token
/// stand in front, so that decode and prefill attention take one consecutive part each.
struct StepBatch {
  std::int64_t step = 0;  // counts from 0
  std::vector<SequenceSlice> slices;

  int num_tokens() const;
  int num_samples() const;
};

struct TokenLogprob {
  int token = -1;
  float logprob = 0;  // natural, of the distribution before temperature
};

/// The token drawn behind a slice.
struct TokenChoice {
  TokenLogprob chosen;
  std::vector<TokenLogprob> top;  // the most likely first; as many as were asked for
};

}  // namespace hexgen
