#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/request_outcome.h"
#include "profiles/arrival_source.h"
#include "simulator/gap_histogram.h"
#include "simulator/serving_system.h"

namespace hexgen {

class ExecutionObserver;
class MissCounter;

enum class BatchPolicyKind {
  kContinuous,  // continuous batching with chunked prefill and a KV budget, as today's engines do
  kOneBatch  // the paper's: a replica serves one batch from prefill to last token, then takes the
             // next
};

/// docs/SIMULATOR.md says what each does.
enum class RouterKind { kPlanWeights, kLeastWork, kRoundRobin, kShortestCompletion };

/// CPU time of the engine between two iterations that it does not hide behind the GPU.
struct EngineOverhead {
  SimTime step_ns = 0;      // each iteration: scheduling, preparing inputs
  SimTime sequence_ns = 0;  // each sequence that emits a token: sampling, output

  SimTime time_ns(std::int64_t sequences) const { return step_ns + sequence_ns * sequences; }
};

struct SimulationOptions {
  BatchPolicyKind policy = BatchPolicyKind::kContinuous;
  RouterKind router = RouterKind::kPlanWeights;
  std::int64_t max_batched_tokens = 2048;  // token budget of one iteration (chunked prefill)
  std::int64_t kv_block_tokens = 16;
  double kv_watermark = 0.01;       // share of the KV blocks kept free when a request is admitted
  bool async_scheduling = false;    // an iteration is put together while the one before it runs
  bool reuse_preempted_kv = false;  // a preempted request finds its blocks that nobody took
  EngineOverhead overhead;          // the first stage is busy for it
  bool fast_forward = true;         // jump over uneventful decode steps; the result is the same
  bool launch_ahead = true;  // compute undisturbed ways through the stages at launch; the same
  bool record_token_gaps = false;  // fill SimulationResult::token_gaps
  SimTime until = kEndOfTime;      // horizon: what has not happened by then does not happen
};

struct SimulationResult {
  std::vector<RequestOutcome> requests;  // in order of arrival
  double end_s = 0;  // the last token's time, or when work was lost or the horizon cut it off
  std::vector<std::vector<double>> stage_busy_s;            // [replica][stage]
  std::vector<std::vector<std::int64_t>> outside_measured;  // [replica][stage]: iterations
  std::vector<std::vector<double>> farthest_outside;  // [replica][stage]: StageService::farthest
  std::int64_t iterations = 0;                        // micro-batches launched, all replicas
  std::int64_t preemptions = 0;  // sequences that lost their KV and recomputed it
  GapHistogram token_gaps;       // times between two tokens of one sequence, when recorded
};

/// Plays the arrivals against the system until every request has left it or the horizon is reached;
/// requests that would arrive after the horizon are not in the result. docs/SIMULATOR.md defines
/// the model. Deterministic: int64 nanoseconds and one total order of events. Thread-safe: no
/// shared state. Throws InputError for arrivals out of order and for options that make no sense.
/// `observer`, if any, sees what the replicas do; it changes nothing. `misses`, if any, counts
/// until there are too many: that ends the simulation, and its result is of no use.
SimulationResult simulate(const ServingSystem& system,
                          ArrivalSource& arrivals,
                          const SimulationOptions& options,
                          ExecutionObserver* observer = nullptr,
                          MissCounter* misses = nullptr);

}  // namespace hexgen
