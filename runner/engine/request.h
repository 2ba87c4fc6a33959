#pragma once

#include <cstdint>
#include <vector>

#include "runner/engine/step_batch.h"

namespace hexgen {

/// A prompt to continue.
struct GenerationRequest {
  std::uint64_t id = 0;
  std::vector<int> prompt;  // at least one token
  int max_new_tokens = 1;
  std::vector<int> stop_tokens;  // any of them ends the text and belongs to it
  SamplingOptions sampling;

  int prompt_tokens() const { return static_cast<int>(prompt.size()); }

  /// Tokens that end up in the KV cache: the last new one never does.
  int kv_tokens() const { return prompt_tokens() + max_new_tokens - 1; }
};

enum class FinishReason { kLength, kStop };

}  // namespace hexgen
