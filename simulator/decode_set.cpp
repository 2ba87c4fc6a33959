#include "simulator/decode_set.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace hexgen {
namespace {

// The admission number makes the order total, so that the heap's layout cannot show in results.
struct EndsLater {
  bool operator()(const DecodingSequence& a, const DecodingSequence& b) const {
    return std::tie(a.last_step, a.admission) > std::tie(b.last_step, b.admission);
  }
};

}  // namespace

void DecodeSet::insert(int request,
                       std::int64_t admission,
                       std::int64_t context_tokens,
                       std::int64_t remaining_tokens) {
  assert(remaining_tokens >= 1);
  sequences_.push_back({.last_step = step_ + remaining_tokens,
                        .last_context_tokens = context_tokens + remaining_tokens,
                        .admission = admission,
                        .request = request});
  context_tokens_ += context_tokens;
  const std::int64_t lead = sequences_.back().lead();
  leads_ = {.shortest = std::min(leads_.shortest, lead), .longest = std::max(leads_.longest, lead)};
  count_block_need(sequences_.back(), 1);
  std::push_heap(sequences_.begin(), sequences_.end(), EndsLater());
}

bool DecodeSet::pop_ended(DecodingSequence& ended) {
  if (sequences_.empty() || steps_to_first_end() > 0) {
    return false;
  }
  std::pop_heap(sequences_.begin(), sequences_.end(), EndsLater());
  ended = sequences_.back();
  sequences_.pop_back();
  forget(ended);
  return true;
}

DecodingSequence DecodeSet::evict_latest() {
  const auto latest = std::max_element(sequences_.begin(),
                                       sequences_.end(),
                                       [](const DecodingSequence& a, const DecodingSequence& b) {
                                         return a.admission < b.admission;
                                       });
  const DecodingSequence evicted = *latest;
  sequences_.erase(latest);
  std::make_heap(sequences_.begin(), sequences_.end(), EndsLater());
  forget(evicted);
  return evicted;
}

/// Takes a sequence that is no longer in the heap out of what is kept beside the heap.
void DecodeSet::forget(const DecodingSequence& removed) {
  context_tokens_ -= context_tokens_of(removed);
  count_block_need(removed, -1);
  leads_known_ =
      leads_known_ && removed.lead() > leads_.shortest && removed.lead() < leads_.longest;
}

DecodeSet::Range DecodeSet::next_step_range() {
  if (empty()) {
    return {};
  }
  if (!leads_known_) {
    leads_ = {.shortest = sequences_.front().lead(), .longest = sequences_.front().lead()};
    for (const DecodingSequence& sequence : sequences_) {
      leads_.shortest = std::min(leads_.shortest, sequence.lead());
      leads_.longest = std::max(leads_.longest, sequence.lead());
    }
    leads_known_ = true;
  }
  return {.shortest = leads_.shortest + step_ + 1, .longest = leads_.longest + step_ + 1};
}

// A step starts a block when the cache it finds fills whole blocks: step s finds
// last_context - (last_step - s) - 1 tokens, a multiple of the block exactly for
// s = last_step + 1 - last_context (mod block).
void DecodeSet::count_block_need(const DecodingSequence& sequence, int change) {
  if (block_tokens_ == 0) {
    return;
  }
  const std::int64_t step = sequence.last_step + 1 - sequence.last_context_tokens;
  const std::int64_t phase = step % block_tokens_;
  block_needs_[static_cast<std::size_t>(phase < 0 ? phase + block_tokens_ : phase)] += change;
}

}  // namespace hexgen
