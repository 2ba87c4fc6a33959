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
  const double prefill_s = pass_s(stages, prefill) - stages.back().handoff_time_s(prefill);
  // While a request decodes, the other requests in flight each prefill once on every stage.
  const double others_s = (batch - 1) * slowest_s(stages, prefill);
  const double decode_s = (target.output_tokens - 1) * cycle_s + others_s;
  return {.request_s = prefill_s + decode_s,
          .first_token_s = prefill_s,
          .token_s = decode_s / std::max(1.0, target.output_tokens - 1),
          .capacity_per_s = batch / (prefill_s + decode_s)};
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
