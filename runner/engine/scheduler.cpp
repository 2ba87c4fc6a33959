#include "runner/engine/scheduler.h"

#include <algorithm>
#include <string>

#include "profiles/errors.h"

namespace hexgen {

Scheduler::Scheduler(const SchedulerLimits& limits)
    : limits_(limits),
      pool_(limits.kv_blocks) {}

void Scheduler::add(GenerationRequest request) {
  const int needed = kv_blocks_for(request.kv_tokens());
  if (needed > limits_.kv_blocks) {
    throw InfeasibleError("request " + std::to_string(request.id) + ": " +
                          std::to_string(request.kv_tokens()) + " tokens need " +
                          std::to_string(needed) + " KV blocks, the pipeline has " +
                          std::to_string(limits_.kv_blocks));
  }
  waiting_.push_back(std::move(request));
}

void Scheduler::admit() {
  while (!waiting_.empty() && std::ssize(running_) < limits_.max_requests) {
    const int needed = kv_blocks_for(waiting_.front().kv_tokens());
    if (needed > pool_.free_blocks()) {
      return;
    }
    running_.push_back({.request = std::move(waiting_.front()), .blocks = pool_.take(needed)});
    waiting_.pop_front();
  }
}

std::optional<StepBatch> Scheduler::next_batch() {
  admit();
  StepBatch batch = {.step = next_step_};
  const auto share = (std::ssize(running_) + limits_.micro_batches - 1) / limits_.micro_batches;
  add_decode_slices(batch, share);
  add_prompt_slices(batch, share);
  if (batch.slices.empty()) {
    return std::nullopt;
  }
  ++next_step_;
  return batch;
}

void Scheduler::add_decode_slices(StepBatch& batch, std::ptrdiff_t share) {
  const auto most = std::min<std::ptrdiff_t>(share, limits_.max_batch_tokens);
  for (Sequence& sequence : running_) {
    if (std::ssize(batch.slices) == most) {
      return;
    }
    if (sequence.next_token >= 0) {
      batch.slices.push_back(slice_of(sequence, {sequence.next_token}));
      sequence.next_token = -1;
    }
  }
}

void Scheduler::add_prompt_slices(StepBatch& batch, std::ptrdiff_t share) {
  int room = limits_.max_batch_tokens - batch.num_tokens();
  std::vector<SequenceSlice> chunks;
  for (Sequence& sequence : running_) {
    if (std::ssize(batch.slices) + std::ssize(chunks) == share) {
      break;
    }
    const int left = sequence.request.prompt_tokens() - sequence.computed;
    const int count = std::min(left, room);
    if (count > 0) {
      const auto first = sequence.request.prompt.begin() + sequence.computed;
      chunks.push_back(slice_of(sequence, {first, first + count}));
      room -= count;
    }
  }
  // One-token slices stand in front of longer ones.
  std::stable_partition(chunks.begin(), chunks.end(), [](const SequenceSlice& chunk) {
    return chunk.num_tokens() == 1;
  });
  std::move(chunks.begin(), chunks.end(), std::back_inserter(batch.slices));
}

SequenceSlice Scheduler::slice_of(Sequence& sequence, std::vector<int> tokens) const {
  SequenceSlice slice = {.request = sequence.request.id,
                         .first_position = sequence.computed,
                         .tokens = std::move(tokens)};
  sequence.computed += slice.num_tokens();
  slice.blocks.assign(sequence.blocks.begin(),
                      sequence.blocks.begin() + kv_blocks_for(sequence.computed));
  if (!sequence.in_prompt()) {
    slice.sampling = sequence.request.sampling;
  }
  return slice;
}

std::vector<TokenEvent> Scheduler::commit(const StepBatch& batch,
                                          const std::vector<TokenChoice>& choices) {
  std::vector<TokenEvent> events;
  for (const SequenceSlice& slice : batch.slices) {
    if (!slice.sampling) {
      continue;
    }
    const auto sequence = std::find_if(running_.begin(), running_.end(), [&](const Sequence& each) {
      return each.request.id == slice.request;
    });
    const TokenChoice& choice = choices.at(events.size());
    ++sequence->new_tokens;
    sequence->next_token = choice.chosen.token;
    const std::optional<FinishReason> finished = finish_reason(*sequence, choice.chosen.token);
    events.push_back({.request = slice.request, .choice = choice, .finished = finished});
    if (finished) {
      pool_.give_back(sequence->blocks);
      running_.erase(sequence);
    }
  }
  return events;
}

std::optional<FinishReason> Scheduler::finish_reason(const Sequence& sequence, int token) const {
  const std::vector<int>& stops = sequence.request.stop_tokens;
  if (std::find(stops.begin(), stops.end(), token) != stops.end()) {
    return FinishReason::kStop;
  }
  if (sequence.new_tokens == sequence.request.max_new_tokens) {
    return FinishReason::kLength;
  }
  return std::nullopt;
}

}  // namespace hexgen
