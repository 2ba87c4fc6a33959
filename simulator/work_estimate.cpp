#include "simulator/work_estimate.h"

#include <algorithm>
#include <cmath>

namespace hexgen {

WorkEstimate::WorkEstimate(const ReplicaModel& replica, const BatchPolicy& policy)
    : stages_(replica.stages),
      policy_(policy),
      kv_capacity_tokens_(static_cast<double>(policy.blocks * policy.block_tokens)) {}

SimTime WorkEstimate::work(int prompt_tokens, int output_tokens) const {
  const double prompt = prompt_tokens;
  const double output = output_tokens;
  const double sequences = std::clamp(
      std::floor(kv_capacity_tokens_ / (prompt + output)), 1.0, double(policy_.max_sequences));
  const double rows = std::ceil(sequences / policy_.micro_batches);
  double sum = 0;
  double bottleneck = 0;
  for (const StageCost& stage : stages_) {
    const double busy = stage_s(stage, prompt, output, rows);
    bottleneck = std::max(bottleneck, busy);
    const BatchShape prefill = prefill_shape(prompt, rows);
    const BatchShape decode = decode_shape(rows, prompt);
    sum +=
        busy + (stage.handoff_time_s(prefill) + (output - 1) * stage.handoff_time_s(decode)) / rows;
  }
  return to_sim_time(policy_.join_running ? bottleneck : sum);
}

/// The prompt's share of prefill iterations that fill the token budget, and the request's share of
/// decode steps with `rows` sequences like it.
double WorkEstimate::stage_s(const StageCost& stage,
                             double prompt,
                             double output,
                             double rows) const {
  const double chunk = std::min(static_cast<double>(policy_.token_budget), prompt * rows);
  const BatchShape prefill = {.new_tokens = chunk,
                              .logit_rows = 1,
                              .prefill_pairs = chunk * (prompt + 1) / 2,
                              .prefill_tokens = chunk};
  const BatchShape decode = decode_shape(rows, prompt + output / 2);
  return stage.iteration_s(prefill) * prompt / chunk +
         (output - 1) * stage.iteration_s(decode) / rows;
}

}  // namespace hexgen
