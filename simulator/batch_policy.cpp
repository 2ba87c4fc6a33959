#include "simulator/batch_policy.h"

#include <cmath>
#include <limits>

namespace hexgen {

BatchPolicy make_batch_policy(const ReplicaModel& replica, const SimulationOptions& options) {
  const std::int64_t blocks = replica.kv_capacity_tokens / options.kv_block_tokens;
  BatchPolicy policy = {.max_sequences = replica.max_batch,
                        .block_tokens = options.kv_block_tokens,
                        .blocks = blocks};
  if (options.policy == BatchPolicyKind::kOneBatch) {
    policy.join_running = false;
    policy.reserve_output = true;
    policy.token_budget = std::numeric_limits<std::int64_t>::max();
    return policy;
  }
  policy.micro_batches = static_cast<int>(replica.stages.size());
  policy.token_budget = options.max_batched_tokens;
  policy.schedule_ahead = options.async_scheduling && policy.micro_batches == 1;
  policy.reuse_preempted_kv = options.reuse_preempted_kv;
  policy.watermark_blocks =
      static_cast<std::int64_t>(std::ceil(options.kv_watermark * static_cast<double>(blocks)));
  return policy;
}

}  // namespace hexgen
