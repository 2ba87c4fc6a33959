#include "simulator/replica.h"

#include <algorithm>
#include <cassert>

namespace hexgen {
namespace {

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Tokens in the KV cache when the request emits its last token, which is never fed back.
std::int64_t longest_context(std::int64_t prompt_tokens, std::int64_t output_tokens) {
  return prompt_tokens + output_tokens - 1;
}

bool has_measured_stage(const ReplicaModel& model) {
  return std::any_of(model.stages.begin(), model.stages.end(), [](const StageCost& stage) {
    return stage.measured.has_value();
  });
}

}  // namespace

Replica::MicroBatch Replica::empty_micro_batch(const BatchPolicy& policy) {
  return MicroBatch(policy.reserve_output ? 0 : policy.block_tokens);
}

Replica::Replica(const ReplicaModel& model,
                 const SimulationOptions& options,
                 SimulationResult& result,
                 std::unique_ptr<Pipeline> pipeline,
                 ExecutionProbe probe)
    : policy_(make_batch_policy(model, options)),
      fast_forward_(options.fast_forward),
      counts_work_(options.router == RouterKind::kLeastWork),
      work_estimate_(model, policy_),
      probe_(probe),
      tells_context_range_(probe || has_measured_stage(model)),
      pipeline_(std::move(pipeline)),
      requests_(result.requests),
      token_gaps_(options.record_token_gaps ? &result.token_gaps : nullptr),
      micro_batches_(static_cast<std::size_t>(policy_.micro_batches), empty_micro_batch(policy_)),
      kv_(policy_.blocks, policy_.block_tokens) {}

bool Replica::fits(int prompt_tokens, int output_tokens) const {
  return longest_context(prompt_tokens, output_tokens) <= policy_.blocks * policy_.block_tokens;
}

void Replica::enqueue(const WaitingRequest& waiting, SimTime now) {
  assert(up_);
  waiting_.push_back(waiting);
  count_work(requests_[static_cast<std::size_t>(waiting.request)], 1);
  clock_ = std::max(clock_, now);
  probe_.marked(waiting.request, RequestMark::kArrived, now);
  observe_occupancy(now);
}

void Replica::stop(SimTime now) {
  for (MicroBatch& batch : micro_batches_) {
    if (!batch.in_flight) {
      continue;
    }
    if (batch.passage.token_time <= now) {
      end_iteration(batch);
    } else {
      end_time_ = std::max(end_time_, now);
    }
  }
  pipeline_->cut(now);
}

std::vector<WaitingRequest> Replica::fail(SimTime now) {
  stop(now);
  std::vector<WaitingRequest> lost(waiting_.begin(), waiting_.end());
  for (MicroBatch& batch : micro_batches_) {
    for (const PrefillingSequence& sequence : batch.prefilling) {
      lost.push_back(sequence.waiting);
    }
    while (!batch.decoding.empty()) {
      lost.push_back(interrupted(batch, batch.decoding.evict_latest()));
    }
    batch = empty_micro_batch(policy_);
  }
  waiting_.clear();
  running_ = 0;
  kv_.give_back_all();
  just_freed_ = {};
  outstanding_work_ = 0;
  up_ = false;
  for (WaitingRequest& request : lost) {
    request.freed = {};
    probe_.marked(request.request, RequestMark::kLost, now);
  }
  observe_occupancy(now);
  return lost;
}

EventKey Replica::next_event() const {
  return std::min(choose_next().key, pipeline_->next_event());
}

SimTime Replica::next_token_time() const {
  SimTime first = kEndOfTime;
  for (const MicroBatch& batch : micro_batches_) {
    first = std::min(first, batch.in_flight ? batch.passage.token_time : kEndOfTime);
  }
  return first;
}

void Replica::advance_before(const EventKey& limit) {
  while (carry_out_next(limit)) {
  }
}

bool Replica::carry_out_next(const EventKey& limit) {
  const NextEvent next = choose_next();
  const EventKey inside = pipeline_->next_event();
  if (!(std::min(next.key, inside) < limit)) {
    return false;
  }
  if (inside < next.key) {
    pipeline_->carry_out_next();
    return true;
  }
  clock_ = next.key.time;
  MicroBatch& batch = micro_batches_[next.micro_batch];
  if (next.key.kind == EventKind::kIterationEnd) {
    end_iteration(batch);
  } else {
    launch(batch, clock_, limit);
  }
  observe_occupancy(clock_);
  return true;
}

double Replica::batch_with_one_more() const {
  const std::int64_t present =
      std::min<std::int64_t>(running_ + num_waiting() + 1, policy_.max_sequences);
  return static_cast<double>(divide_up(present, policy_.micro_batches));
}

// Micro-batches that hold sequences are launched in the order in which their tokens came back; an
// empty one starts when none of those is ready and a request can be admitted.
Replica::NextEvent Replica::choose_next() const {
  NextEvent next;
  SimTime next_ready = kEndOfTime;
  std::size_t empty_batch = micro_batches_.size();
  for (std::size_t m = 0; m < micro_batches_.size(); ++m) {
    const MicroBatch& batch = micro_batches_[m];
    const SimTime ready = batch.passage.return_time;
    if (batch.in_flight) {
      const EventKey end = {.time = ready, .kind = EventKind::kIterationEnd, .sequence = m};
      if (end < next.key) {
        next = {.key = end, .micro_batch = m};
      }
    } else if (batch.empty()) {
      empty_batch = std::min(empty_batch, m);
    } else {
      const SimTime start = std::max(ready, pipeline_->first_stage_free());
      const EventKey launch = {.time = start, .kind = EventKind::kLaunch};
      const bool first = launch < next.key || (launch == next.key && ready < next_ready);
      if (first) {
        next = {.key = launch, .micro_batch = m};
        next_ready = ready;
      }
    }
  }
  if (empty_batch < micro_batches_.size() && may_admit()) {
    const EventKey launch = {.time = std::max(clock_, pipeline_->first_stage_free()),
                             .kind = EventKind::kLaunch};
    if (launch < next.key) {
      next = {.key = launch, .micro_batch = empty_batch};
    }
  }
  return next;
}

/// Goes on with the micro-batch as long as no other event can come in between.
void Replica::launch(MicroBatch& batch, SimTime start, const EventKey& limit) {
  launch_iteration(batch, start, limit);
  while (fast_forward_ && alone(batch)) {
    const EventKey next_launch = {.time = batch.passage.return_time, .kind = EventKind::kLaunch};
    if (!(next_launch < limit)) {
      return;
    }
    observe_occupancy(clock_);
    clock_ = next_launch.time;
    end_iteration(batch);
    if (batch.empty()) {
      return;
    }
    observe_occupancy(clock_);
    launch_iteration(batch, clock_, limit);
  }
}

/// True when the micro-batch is under way with all requests of the replica.
bool Replica::alone(const MicroBatch& batch) const {
  return batch.in_flight && waiting_.empty() && batch.size() == running_;
}

void Replica::launch_iteration(MicroBatch& batch, SimTime start, const EventKey& limit) {
  if (fast_forward_) {
    start = run_uneventful_decodes(batch, start, limit);
  }
  take_blocks_for_decode(batch);
  const std::int64_t decode_rows = batch.decoding.size();
  const std::int64_t budget = std::max<std::int64_t>(0, policy_.token_budget - decode_rows);
  admit(batch, budget);
  previous_launch_ = start;
  IterationShape shape = schedule_prefill(batch, budget);
  shape.decode_rows = decode_rows;
  shape.logit_rows += decode_rows;
  set_decode_contexts(batch.decoding, shape);
  batch.decodes = decode_rows > 0;
  batch.in_flight = batch.decodes || shape.prefill_tokens > 0;
  if (batch.in_flight) {
    pipeline_->launch(shape, start, iterations_++, batch.passage);
  }
}

void Replica::set_decode_contexts(DecodeSet& decoding, IterationShape& shape) const {
  shape.kv_read_tokens = decoding.next_step_kv_tokens();
  if (tells_context_range_) {
    const DecodeSet::Range range = decoding.next_step_range();
    shape.kv_shortest_tokens = range.shortest;
    shape.kv_longest_tokens = range.longest;
  }
}

/// Decode steps of a replica with one micro-batch after which nobody ends, blocks suffice, nobody
/// can be admitted, and the next launch comes before `limit`: only the clock and the contexts
/// change. Returns the start of the first iteration that is not of that kind.
SimTime Replica::run_uneventful_decodes(MicroBatch& batch, SimTime start, const EventKey& limit) {
  DecodeSet& decoding = batch.decoding;
  const bool uneventful = micro_batches_.size() == 1 && pipeline_->num_stages() == 1 &&
                          batch.prefilling.empty() && !decoding.empty() &&
                          !(policy_.join_running && may_admit());
  if (!uneventful) {
    return start;
  }
  IterationShape shape = {.decode_rows = decoding.size(), .logit_rows = decoding.size()};
  const SimTime return_ns = pipeline_->return_ns(shape);
  for (std::int64_t left = decoding.steps_to_first_end(); left > 1; --left) {
    const std::int64_t blocks = decoding.next_step_blocks();
    set_decode_contexts(decoding, shape);
    const StageService service = pipeline_->service(0, shape);
    const SimTime end = start + service.busy;
    const EventKey next_launch = {.time = end + return_ns, .kind = EventKind::kLaunch};
    if (blocks > kv_.free() || !(next_launch < limit)) {
      break;
    }
    kv_.take(blocks);
    pipeline_->book(service, end);
    probe_.stage_served({0, iterations_, start, end, shape});
    probe_.handed_off({0, iterations_, end, next_launch.time, shape});
    observe_occupancy(start);
    previous_launch_ = start;
    start = next_launch.time;
    record_gap(end - batch.last_token_time, decoding.size());
    batch.last_token_time = end;
    decoding.step();
    ++iterations_;
  }
  clock_ = start;
  return start;
}

void Replica::take_blocks_for_decode(MicroBatch& batch) {
  while (batch.decoding.next_step_blocks() > kv_.free()) {
    preempt_latest(batch);
  }
  kv_.take(batch.decoding.next_step_blocks());
}

/// Frees the blocks of the micro-batch's sequence admitted last and puts it first in the line.
/// Prompts are admitted after everything that decodes in the same micro-batch.
void Replica::preempt_latest(MicroBatch& batch) {
  if (!batch.prefilling.empty()) {
    PrefillingSequence& latest = batch.prefilling.back();
    latest.waiting.freed = kv_.give_back(kv_.blocks_of(latest.total_tokens), latest.done_tokens);
    probe_.marked(latest.waiting.request, RequestMark::kPreempted, clock_);
    waiting_.push_front(latest.waiting);
    batch.prefilling.pop_back();
  } else {
    const DecodingSequence latest = batch.decoding.evict_latest();
    const std::int64_t context = batch.decoding.context_tokens_of(latest);
    probe_.marked(latest.request, RequestMark::kPreempted, clock_);
    WaitingRequest waiting = interrupted(batch, latest);
    waiting.freed = kv_.give_back(kv_.blocks_of(context), context);
    waiting_.push_front(waiting);
  }
  --running_;
  ++preemptions_;
}

/// A sequence that leaves decode with its tokens but without its KV.
WaitingRequest Replica::interrupted(const MicroBatch& batch,
                                    const DecodingSequence& sequence) const {
  const std::int64_t context = batch.decoding.context_tokens_of(sequence);
  const RequestOutcome& request = requests_[static_cast<std::size_t>(sequence.request)];
  return {.request = sequence.request,
          .emitted_tokens = static_cast<int>(context - request.prompt_tokens) + 1,
          .last_token_time = batch.last_token_time};
}

/// Takes requests from the waiting line, without skipping any, while the token budget, the places
/// and the blocks last. A micro-batch takes no more than its share of all requests present, so that
/// the micro-batches in flight stay alike.
void Replica::admit(MicroBatch& batch, std::int64_t token_budget) {
  if (waiting_.empty() || (!policy_.join_running && !batch.empty())) {
    return;
  }
  const std::int64_t present = running_ + num_waiting();
  const std::int64_t share =
      divide_up(std::min<std::int64_t>(present, policy_.max_sequences), policy_.micro_batches);
  for (const PrefillingSequence& sequence : batch.prefilling) {
    token_budget -= sequence.total_tokens - sequence.done_tokens;
  }
  const bool ahead = policy_.schedule_ahead && !batch.empty();
  const Room withheld = ahead ? just_freed_ : Room{};
  while (token_budget > 0 && batch.size() < share && may_admit(withheld)) {
    const WaitingRequest next = waiting_.front();
    if (ahead && !seen_ahead(next)) {
      break;
    }
    const std::int64_t reused = policy_.reuse_preempted_kv ? kv_.reusable(next.freed) : 0;
    kv_.reuse(reused);
    kv_.take(blocks_at_admission(next) - reused);
    batch.prefilling.push_back({.waiting = next,
                                .admission = admissions_++,
                                .total_tokens = prefill_tokens(next),
                                .done_tokens = reused * policy_.block_tokens});
    token_budget -= prefill_tokens(next) - batch.prefilling.back().done_tokens;
    ++running_;
    waiting_.pop_front();
    probe_.marked(next.request, RequestMark::kAdmitted, clock_);
  }
}

IterationShape Replica::schedule_prefill(MicroBatch& batch, std::int64_t token_budget) {
  IterationShape shape;
  for (PrefillingSequence& sequence : batch.prefilling) {
    const std::int64_t past = sequence.done_tokens;
    const std::int64_t chunk = std::min(token_budget, sequence.total_tokens - past);
    sequence.done_tokens += chunk;
    token_budget -= chunk;
    shape.prefill_tokens += chunk;
    shape.prefill_pairs += chunk * past + chunk * (chunk + 1) / 2;
    shape.logit_rows += sequence.done_tokens == sequence.total_tokens ? 1 : 0;
  }
  return shape;
}

void Replica::end_iteration(MicroBatch& batch) {
  batch.in_flight = false;
  just_freed_ = {};
  if (batch.decodes) {
    end_decode_step(batch);
  }
  end_prefills(batch);
  batch.last_token_time = batch.passage.token_time;
  end_time_ = std::max(end_time_, batch.passage.token_time);
}

void Replica::end_decode_step(MicroBatch& batch) {
  record_gap(batch.passage.token_time - batch.last_token_time, batch.decoding.size());
  batch.decoding.step();
  DecodingSequence ended;
  while (batch.decoding.pop_ended(ended)) {
    complete(ended.request, batch.passage.token_time);
  }
}

void Replica::end_prefills(MicroBatch& batch) {
  auto& prefilling = batch.prefilling;
  std::size_t done = 0;
  for (; done < prefilling.size(); ++done) {
    const PrefillingSequence& sequence = prefilling[done];
    if (sequence.done_tokens < sequence.total_tokens) {
      break;
    }
    RequestOutcome& request = requests_[static_cast<std::size_t>(sequence.waiting.request)];
    const int emitted = sequence.waiting.emitted_tokens + 1;
    if (emitted == 1) {
      request.first_token = batch.passage.token_time;
      probe_.marked(sequence.waiting.request, RequestMark::kFirstToken, request.first_token);
    } else {
      record_gap(batch.passage.token_time - sequence.waiting.last_token_time, 1);
    }
    if (emitted == request.output_tokens) {
      complete(sequence.waiting.request, batch.passage.token_time);
    } else {
      batch.decoding.insert(sequence.waiting.request,
                            sequence.admission,
                            sequence.total_tokens,
                            request.output_tokens - emitted);
    }
  }
  prefilling.erase(prefilling.begin(), prefilling.begin() + static_cast<std::ptrdiff_t>(done));
}

void Replica::complete(int request, SimTime token_time) {
  RequestOutcome& outcome = requests_[static_cast<std::size_t>(request)];
  outcome.last_token = token_time;
  outcome.state = RequestState::kCompleted;
  const std::int64_t blocks = blocks_held_at_end(outcome);
  kv_.give_back(blocks);
  just_freed_ = {.sequences = just_freed_.sequences + 1, .blocks = just_freed_.blocks + blocks};
  --running_;
  count_work(outcome, -1);
  probe_.marked(request, RequestMark::kCompleted, token_time);
}

void Replica::record_gap(SimTime gap, std::int64_t count) {
  if (token_gaps_ != nullptr) {
    token_gaps_->add(gap, count);
  }
}

void Replica::count_work(const RequestOutcome& request, int sign) {
  if (counts_work_) {
    outstanding_work_ += sign * work(request.prompt_tokens, request.output_tokens);
  }
}

void Replica::observe_occupancy(SimTime time) {
  if (probe_) {
    probe_.occupied(time, {.running = running_, .waiting = num_waiting(), .kv_blocks = kv_.used()});
  }
}

/// True when the first in the line has a place and its blocks; the watermark is waived when nothing
/// runs, since nothing would ever free more. `withheld` is not to be used.
bool Replica::may_admit(const Room& withheld) const {
  if (waiting_.empty() || running_ + withheld.sequences >= policy_.max_sequences) {
    return false;
  }
  const std::int64_t kept_free = running_ > 0 ? policy_.watermark_blocks : 0;
  return blocks_at_admission(waiting_.front()) + kept_free + withheld.blocks <= kv_.free();
}

/// True when the request was there when the iteration before this one was launched, at which moment
/// this one was put together.
bool Replica::seen_ahead(const WaitingRequest& waiting) const {
  return requests_[static_cast<std::size_t>(waiting.request)].arrival <= previous_launch_;
}

std::int64_t Replica::prefill_tokens(const WaitingRequest& waiting) const {
  return requests_[static_cast<std::size_t>(waiting.request)].prompt_tokens +
         waiting.emitted_tokens;
}

std::int64_t Replica::blocks_at_admission(const WaitingRequest& waiting) const {
  return policy_.reserve_output
             ? blocks_held_at_end(requests_[static_cast<std::size_t>(waiting.request)])
             : kv_.blocks_of(prefill_tokens(waiting));
}

std::int64_t Replica::blocks_held_at_end(const RequestOutcome& request) const {
  return kv_.blocks_of(longest_context(request.prompt_tokens, request.output_tokens));
}

}  // namespace hexgen
