#pragma once

#include <optional>
#include <string>

#include "runner/engine/generation.h"
#include "runner/tokenizer/tokenizer.h"

namespace hexgen {

/// One line: {"prompt_tokens": [..], "tokens": [..], "text": "..", "finish_reason": "length",
/// "logprobs": [..], "ttft_ms": .., "tpot_ms": ..}. "text" with a tokenizer only, without the stop
/// token; "logprobs" when they were asked for.
std::string generation_json(const Generation& generation,
                            bool with_logprobs,
                            const std::optional<Tokenizer>& tokenizer);

}  // namespace hexgen
