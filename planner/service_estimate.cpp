#include "planner/service_estimate.h"

#include <algorithm>

namespace hexgen {
namespace {

double pass_s(const std::vector<StageCost>& stages, const BatchShape& shape) {
  double sum = 0;
  for (const StageCost& stage : stages) {
    sum += stage.iteration_s(shape) + stage.handoff_time_s(shape);
  }
  return sum;
}

double slowest_s(const std::vector<StageCost>& stages, const BatchShape& shape) {
  double slowest = 0;
  for (const StageCost& stage : stages) {
    slowest = std::max(slowest, stage.iteration_s(shape));
  }
  return slowest;
}

ServiceEstimate estimate_one_batch(const std::vector<StageCost>& stages,
                                   const ServiceTarget& target,
                                   int batch) {
  const RequestLatency latency =
      request_latency(stages, target.prompt_tokens, target.output_tokens, batch);
  return {.request_s = latency.total_s(),
          .first_token_s = latency.prefill_s,
          .token_s = latency.decode_s / std::max(1.0, target.output_tokens - 1),
          .capacity_per_s = batch / latency.total_s()};
}

/// A prompt alone, in chunks that fill the token budget.
double prompt_s(const std::vector<StageCost>& stages, const ServiceTarget& target, double tokens) {
  const auto budget = static_cast<double>(target.simulation.max_batched_tokens);
  double sum = 0;
  for (double done = 0; done < tokens; done += budget) {
    const double chunk = std::min(budget, tokens - done);
    BatchShape shape = prefill_shape(chunk);
    shape.prefill_pairs += chunk * done;
    sum += pass_s(stages, shape);
  }
  return sum;
}

ServiceEstimate estimate_continuous(const std::vector<StageCost>& stages,
                                    const ServiceTarget& target,
                                    int batch) {
  const double context = target.prompt_tokens + target.output_tokens / 2;
  const double micro_batches =
      std::min(static_cast<double>(stages.size()), static_cast<double>(batch));
  const BatchShape decode = decode_shape(batch / micro_batches, context);
  const BatchShape prefill = prefill_shape(target.prompt_tokens);
  const double cycle_s =
      std::max(pass_s(stages, decode), micro_batches * slowest_s(stages, decode));
  const double prompt_mean_s = prompt_s(stages, target, target.prompt_tokens);
  const double steps = target.output_tokens - 1;
  const double others = batch - 1;  // that prefill while a request decodes
  const double sharing = 1 + others / (2 * std::max(1.0, steps));
  const double slowest_prefill_s = slowest_s(stages, prefill);
  const double held_up_s =
      others * (slowest_prefill_s + (pass_s(stages, prefill) - slowest_prefill_s) / sharing);
  const double decode_s = steps * cycle_s + held_up_s;
  ServiceEstimate estimate = {.request_s = prompt_mean_s + decode_s,
                              .token_s = decode_s / std::max(1.0, steps)};
  estimate.capacity_per_s = batch / estimate.request_s;
  const double load = std::min(1.0, estimate.capacity_per_s * prompt_mean_s / micro_batches);
  estimate.first_token_s =
      prompt_s(stages, target, target.tail_prompt_tokens) + load * prompt_mean_s;
  return estimate;
}

}  // namespace

bool ServiceEstimate::meets(const ServiceTarget& target) const {
  return first_token_s <= target.ttft_s.value_or(first_token_s) &&
         token_s <= target.tpot_s.value_or(token_s);
}

ServiceEstimate estimate_service(const std::vector<StageCost>& stages,
                                 const ServiceTarget& target,
                                 int batch) {
  return target.simulation.policy == BatchPolicyKind::kOneBatch
             ? estimate_one_batch(stages, target, batch)
             : estimate_continuous(stages, target, batch);
}

}  // namespace hexgen
