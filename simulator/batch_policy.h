#pragma once

#include <cstdint>

#include "simulator/serving_system.h"
#include "simulator/simulation.h"

namespace hexgen {

/// How a replica forms its batches: the seam between batching policies. A plain value, since the
/// replica asks it for every iteration.
struct BatchPolicy {
  int micro_batches = 1;              // in flight at most, each with sequences of its own
  int max_sequences = 1;              // admitted at most, over all micro-batches
  bool join_running = true;           // sequences may join a micro-batch that is already decoding
  bool reserve_output = false;        // KV blocks for the whole output are taken at admission
  std::int64_t token_budget = 0;      // tokens of one iteration: decodes first, then prompt chunks
  std::int64_t block_tokens = 16;     // size of a KV block
  std::int64_t blocks = 0;            // KV blocks of the replica
  std::int64_t watermark_blocks = 0;  // kept free at admission while anything runs
  bool schedule_ahead = false;        // admissions see the state of one iteration earlier
  bool reuse_preempted_kv = false;
};

/// Continuous batching: as many micro-batches as stages, prompts join at any iteration in chunks
/// within the token budget, blocks are taken as sequences grow. One batch: a single micro-batch of
/// up to max_batch requests that runs from prefill to its last token before the next one is formed.
BatchPolicy make_batch_policy(const ReplicaModel& replica, const SimulationOptions& options);

}  // namespace hexgen
