#pragma once

#include <cstdint>
#include <vector>

#include "simulator/arrival_source.h"
#include "simulator/serving_system.h"

namespace hexgen {

enum class BatchPolicyKind {
  kContinuous,  // continuous batching with chunked prefill and a KV budget, as today's engines do
  kOneBatch  // the paper's: a replica serves one batch from prefill to last token, then takes the
             // next
};

enum class RouterKind {
  kPlanWeights,  // smooth weighted round robin over the plan's weights
  kLeastWork,    // least outstanding work, in seconds
  kRoundRobin    // the paper's coordinator
};

struct SimulationOptions {
  BatchPolicyKind policy = BatchPolicyKind::kContinuous;
  RouterKind router = RouterKind::kPlanWeights;
  std::int64_t max_batched_tokens = 2048;  // token budget of one iteration (chunked prefill)
  std::int64_t kv_block_tokens = 16;
};

/// What became of one request; times in seconds of the simulated clock.
struct RequestOutcome {
  double arrival_s = 0;
  double first_token_s = 0;
  double last_token_s = 0;
  int prompt_tokens = 0;
  int output_tokens = 0;
  int replica = -1;

  double ttft_s() const { return first_token_s - arrival_s; }

  double e2e_s() const { return last_token_s - arrival_s; }

  double tpot_s() const;  // 0 for a single output token
};

struct SimulationResult {
  std::vector<RequestOutcome> requests;  // in order of arrival
  double end_s = 0;
  std::vector<std::vector<double>> stage_busy_s;  // [replica][stage]
};

/// Plays the arrivals against the system. Deterministic: int64 nanoseconds and one total order of
/// events. Thread-safe: no shared state.
SimulationResult simulate(const ServingSystem& system,
                          ArrivalSource& arrivals,
                          const SimulationOptions& options);

}  // namespace hexgen
