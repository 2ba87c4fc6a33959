#include "cost_models/closed_loop.h"

#include <algorithm>

namespace hexgen {

double closed_loop_kv_tokens(const ClosedLoop& load) {
  return load.concurrency * (load.prompt_tokens + load.output_tokens / 2);
}

double closed_loop_tpot_s(const StageCost& stage, const ClosedLoop& load) {
  const double steps = load.output_tokens - 1;
  const double others = load.concurrency - 1;
  const double chunk = std::min(load.chunk_tokens, load.prompt_tokens);
  const double chunks = load.prompt_tokens / chunk;
  const double mixed_steps = std::min(steps, others * chunks);

  const double context = load.prompt_tokens + load.output_tokens / 2;
  const BatchShape decode = decode_shape(load.concurrency, context);
  BatchShape mixed = decode_shape(load.concurrency, context);
  mixed.new_tokens = chunk + others;
  mixed.kv_read_tokens = others * context;
  mixed.prefill_pairs = prefill_shape(load.prompt_tokens).prefill_pairs / chunks;
  return ((steps - mixed_steps) * stage.iteration_s(decode) +
          mixed_steps * stage.iteration_s(mixed)) /
         steps;
}

}  // namespace hexgen
