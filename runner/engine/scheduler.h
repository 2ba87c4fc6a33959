#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "runner/engine/kv_block_pool.h"
#include "runner/engine/request.h"
#include "runner/engine/step_batch.h"

namespace hexgen {

struct SchedulerLimits {
  int kv_blocks = 0;
  int max_requests = 1;        // in flight at once
  int max_batch_tokens = 512;  // of one micro-batch: longer prompts are cut into chunks
  int micro_batches = 1;       // batches in flight at once; as many as there are stages
};

/// A token that a request has got.
struct TokenEvent {
  std::uint64_t request = 0;
  TokenChoice choice;
  std::optional<FinishReason> finished;
};

/// Continuous batching: decides what each micro-batch computes. A request is admitted, in the order
/// of arrival, once the KV blocks of its whole length are free, so that it never has to be thrown
/// out again. A batch takes decoding sequences first, then chunks of prompts; chunks of one prompt
/// may be in flight together, decode steps of one sequence never. With several micro-batches each
/// takes its share of the running sequences, in prompts as in decode steps, so that the stages work
/// side by side. Decides by its calls alone, never by time: the same calls give the same batches.
class Scheduler {
 public:
  explicit Scheduler(const SchedulerLimits& limits);

  /// Throws InfeasibleError when the request's KV can never fit.
  void add(GenerationRequest request);

  /// Work is left: requests that wait, run or are in flight.
  bool busy() const { return !waiting_.empty() || !running_.empty(); }

  /// The next micro-batch; none while all that could run is in flight.
  std::optional<StepBatch> next_batch();

  /// `choices` of a batch that next_batch() gave, one for each slice that samples.
  std::vector<TokenEvent> commit(const StepBatch& batch, const std::vector<TokenChoice>& choices);

 private:
  struct Sequence {
    GenerationRequest request;
    std::vector<int> blocks;
    int computed = 0;     // tokens in the cache or on the way there
    int next_token = -1;  // drawn and not yet computed; -1: inside the prompt or in flight
    int new_tokens = 0;

    bool in_prompt() const { return computed < request.prompt_tokens(); }
  };

  void admit();
  void add_decode_slices(StepBatch& batch, std::ptrdiff_t share);
  void add_prompt_slices(StepBatch& batch, std::ptrdiff_t share);
  SequenceSlice slice_of(Sequence& sequence, std::vector<int> tokens) const;
  std::optional<FinishReason> finish_reason(const Sequence& sequence, int token) const;

  SchedulerLimits limits_;
  KvBlockPool pool_;
  std::deque<GenerationRequest> waiting_;
  std::list<Sequence> running_;  // in the order of admission
  std::int64_t next_step_ = 0;
};

}  // namespace hexgen
