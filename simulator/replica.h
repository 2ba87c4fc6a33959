#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "simulator/batch_policy.h"
#include "simulator/decode_set.h"
#include "simulator/event.h"
#include "simulator/execution_observer.h"
#include "simulator/kv_blocks.h"
#include "simulator/pipeline.h"
#include "simulator/simulation.h"
#include "simulator/work_estimate.h"

namespace hexgen {

/// A request that waits to be admitted.
struct WaitingRequest {
  int request = -1;
  int emitted_tokens =
      0;  // above 0: its KV is lost, its prompt and these tokens are computed again
  SimTime last_token_time = 0;  // of those tokens
  FreedBlocks freed;            // when it was preempted here
};

/// One replica in simulation: a waiting line, micro-batches in flight through the stages, KV blocks
/// in common. It is advanced up to the moment at which somebody asks.
class Replica {
 public:
  /// Outcomes and token gaps go to `result`, which outlives the replica.
  Replica(const ReplicaModel& model,
          const SimulationOptions& options,
          SimulationResult& result,
          std::unique_ptr<Pipeline> pipeline,
          ExecutionProbe probe);

  /// True when the whole request has room in an otherwise empty replica.
  bool fits(int prompt_tokens, int output_tokens) const;

  /// Adds a request to the waiting line. The replica is up and all events before `now` are done.
  void enqueue(const WaitingRequest& waiting, SimTime now);

  bool up() const { return up_; }

  /// Goes down: all requests that have not completed leave. Tokens whose iteration left the last
  /// stage by `now` were emitted. All events before `now` are done.
  std::vector<WaitingRequest> fail(SimTime now);

  /// Comes up again, empty.
  void recover() { up_ = true; }

  /// Ends the run at `now`, as fail() does, but the requests stay.
  void stop(SimTime now);

  /// The replica's next event; kNever when it is idle.
  EventKey next_event() const;

  /// Of the tokens under way, which are entered in the outcomes when they are back at the first
  /// stage; kEndOfTime: not known yet, or none are under way.
  SimTime next_token_time() const;

  /// Carries out the next event if it comes before `limit`, and maybe more of them; false when it
  /// does not.
  bool carry_out_next(const EventKey& limit);

  /// Carries out all events before `limit`.
  void advance_before(const EventKey& limit);

  /// Sequences of a micro-batch if one more request were here.
  double batch_with_one_more() const;

  const std::vector<SimTime>& stage_busy() const { return pipeline_->busy(); }

  const std::vector<std::int64_t>& stage_outside() const { return pipeline_->outside(); }

  const std::vector<double>& stage_farthest() const { return pipeline_->farthest(); }

  /// Last token, or the moment at which work was lost or cut off.
  SimTime end_time() const { return end_time_; }

  std::int64_t iterations() const { return iterations_; }

  std::int64_t preemptions() const { return preemptions_; }

  /// See WorkEstimate; outstanding: summed over the requests that have not completed.
  SimTime work(int prompt_tokens, int output_tokens) const {
    return work_estimate_.work(prompt_tokens, output_tokens);
  }

  SimTime outstanding_work() const { return outstanding_work_; }

 private:
  /// Places and blocks.
  struct Room {
    std::int64_t sequences = 0;
    std::int64_t blocks = 0;
  };

  struct PrefillingSequence {
    WaitingRequest waiting;
    std::int64_t admission = 0;
    std::int64_t total_tokens = 0;
    std::int64_t done_tokens = 0;
  };

  /// Sequences that travel through the stages together.
  struct MicroBatch {
    explicit MicroBatch(std::int64_t block_tokens)
        : decoding(block_tokens) {}

    DecodeSet decoding;
    std::vector<PrefillingSequence> prefilling;  // in order of admission
    bool in_flight = false;
    bool decodes = false;  // the iteration in flight has a decode step
    Passage passage;
    SimTime last_token_time = 0;  // of its decoding sequences

    bool empty() const { return decoding.empty() && prefilling.empty(); }

    std::int64_t size() const {
      return decoding.size() + static_cast<std::int64_t>(prefilling.size());
    }
  };

  static MicroBatch empty_micro_batch(const BatchPolicy& policy);

  struct NextEvent {
    EventKey key = kNever;
    std::size_t micro_batch = 0;
  };

  NextEvent choose_next() const;

  // Launch of an iteration.
  void launch(MicroBatch& batch, SimTime start, const EventKey& limit);
  void launch_iteration(MicroBatch& batch, SimTime start, const EventKey& limit);
  bool alone(const MicroBatch& batch) const;
  void set_decode_contexts(DecodeSet& decoding, IterationShape& shape) const;
  SimTime run_uneventful_decodes(MicroBatch& batch, SimTime start, const EventKey& limit);
  void take_blocks_for_decode(MicroBatch& batch);
  void preempt_latest(MicroBatch& batch);
  void admit(MicroBatch& batch, std::int64_t token_budget);
  IterationShape schedule_prefill(MicroBatch& batch, std::int64_t token_budget);

  // End of an iteration.
  void end_iteration(MicroBatch& batch);
  void end_decode_step(MicroBatch& batch);
  void end_prefills(MicroBatch& batch);
  void complete(int request, SimTime token_time);
  void record_gap(SimTime gap, std::int64_t count);
  void count_work(const RequestOutcome& request, int sign);
  void observe_occupancy(SimTime time);

  WaitingRequest interrupted(const MicroBatch& batch, const DecodingSequence& sequence) const;

  std::int64_t num_waiting() const { return static_cast<std::int64_t>(waiting_.size()); }

  bool may_admit(const Room& withheld = {0, 0}) const;
  bool seen_ahead(const WaitingRequest& waiting) const;
  std::int64_t prefill_tokens(const WaitingRequest& waiting) const;
  std::int64_t blocks_at_admission(const WaitingRequest& waiting) const;
  std::int64_t blocks_held_at_end(const RequestOutcome& request) const;

  BatchPolicy policy_;
  bool fast_forward_ = true;
  bool counts_work_ = false;
  WorkEstimate work_estimate_;
  ExecutionProbe probe_;
  bool tells_context_range_ = false;  // measured tables or an observer read it
  std::unique_ptr<Pipeline> pipeline_;
  std::vector<RequestOutcome>& requests_;
  GapHistogram* token_gaps_;  // null: not recorded
  std::vector<MicroBatch> micro_batches_;
  std::deque<WaitingRequest> waiting_;  // preempted requests first, then in order of enqueue()
  bool up_ = true;
  SimTime clock_ = 0;  // of the last event
  SimTime end_time_ = 0;
  SimTime outstanding_work_ = 0;
  KvBlocks kv_;
  std::int64_t running_ = 0;  // sequences admitted
  SimTime previous_launch_ = 0;
  Room just_freed_;  // by the requests that the last iteration completed
  std::int64_t admissions_ = 0;
  std::int64_t iterations_ = 0;
  std::int64_t preemptions_ = 0;
};

}  // namespace hexgen
