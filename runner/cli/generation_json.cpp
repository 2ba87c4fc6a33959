#include "runner/cli/generation_json.h"

#include <nlohmann/json.hpp>

namespace hexgen {
namespace {

using nlohmann::ordered_json;

ordered_json logprobs_json(const Generation& generation) {
  ordered_json list = ordered_json::array();
  for (const TokenChoice& choice : generation.choices) {
    ordered_json top = ordered_json::array();
    for (const TokenLogprob& entry : choice.top) {
      top.push_back({entry.token, entry.logprob});
    }
    list.push_back({{"token", choice.chosen.token},
                    {"logprob", choice.chosen.logprob},
                    {"top", std::move(top)}});
  }
  return list;
}

std::string text_of(const Generation& generation, const Tokenizer& tokenizer) {
  std::vector<int> tokens = generation.tokens();
  if (generation.finish_reason == FinishReason::kStop) {
    tokens.pop_back();
  }
  return tokenizer.decode(tokens);
}

}  // namespace

std::string generation_json(const Generation& generation,
                            bool with_logprobs,
                            const std::optional<Tokenizer>& tokenizer) {
  constexpr double kMsPerS = 1e3;
  ordered_json entry = {{"prompt_tokens", generation.prompt}, {"tokens", generation.tokens()}};
  if (tokenizer) {
    entry["text"] = text_of(generation, *tokenizer);
  }
  entry["finish_reason"] = generation.finish_reason == FinishReason::kStop ? "stop" : "length";
  if (with_logprobs) {
    entry["logprobs"] = logprobs_json(generation);
  }
  entry["ttft_ms"] = generation.ttft_s() * kMsPerS;
  entry["tpot_ms"] = generation.tpot_s() * kMsPerS;
  return entry.dump() + "\n";
}

}  // namespace hexgen
