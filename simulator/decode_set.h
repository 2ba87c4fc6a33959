#pragma once

#include <cstdint>
#include <vector>

namespace hexgen {

/// A sequence in decode; `step` numbers count the decode steps of its set.
struct DecodingSequence {
  std::int64_t last_step = 0;            // the step that emits its last token
  std::int64_t last_context_tokens = 0;  // tokens in its KV cache after that step
  std::int64_t admission = 0;            // order in which the replica admitted it
  int request = -1;

  /// Tokens in its KV cache less the steps of its set: what does not change from step to step.
  std::int64_t lead() const { return last_context_tokens - last_step; }
};

/// Sequences that decode together, one token each a step. A step costs the same however many
/// sequences there are: contexts are kept as one sum, block needs as counts by phase, ends in a
/// heap. Only after a sequence has left are the others looked through, if anybody then asks for the
/// shortest or longest context.
class DecodeSet {
 public:
  /// `block_tokens` = 0: sequences hold what they will ever need already, so no step needs a block.
  explicit DecodeSet(std::int64_t block_tokens)
      : block_tokens_(block_tokens),
        next_phase_(block_tokens > 1 ? 1 : 0),
        block_needs_(static_cast<std::size_t>(block_tokens)) {}

  /// A sequence with `context_tokens` in its KV cache that emits `remaining_tokens` more (>= 1).
  void insert(int request,
              std::int64_t admission,
              std::int64_t context_tokens,
              std::int64_t remaining_tokens);

  bool empty() const { return sequences_.empty(); }

  std::int64_t size() const { return static_cast<std::int64_t>(sequences_.size()); }

  /// Cached tokens that the next step reads, its own new ones included.
  std::int64_t next_step_kv_tokens() const { return context_tokens_ + size(); }

  struct Range {
    std::int64_t shortest = 0;
    std::int64_t longest = 0;
  };

  /// The same for the sequences that read fewest and most; zeros for an empty set.
  Range next_step_range();

  /// Blocks that the next step takes.
  std::int64_t next_step_blocks() const {
    return block_tokens_ == 0 ? 0 : block_needs_[next_phase_];
  }

  /// Steps until some sequence emits its last token; the set is not empty.
  std::int64_t steps_to_first_end() const { return sequences_.front().last_step - step_; }

  void step() {
    ++step_;
    next_phase_ = next_phase_ + 1 < block_needs_.size() ? next_phase_ + 1 : 0;
    context_tokens_ += size();
  }

  /// Removes one sequence that emitted its last token in the step just made; false when there is
  /// none.
  bool pop_ended(DecodingSequence& ended);

  /// Removes the sequence admitted last; the set is not empty.
  DecodingSequence evict_latest();

  /// Tokens a sequence of this set has in its KV cache now.
  std::int64_t context_tokens_of(const DecodingSequence& sequence) const {
    return sequence.lead() + step_;
  }

 private:
  void count_block_need(const DecodingSequence& sequence, int change);
  void forget(const DecodingSequence& removed);

  std::int64_t block_tokens_;
  std::int64_t step_ = 0;            // steps made
  std::size_t next_phase_ = 0;       // (step_ + 1) mod block_tokens, without dividing at each step
  std::int64_t context_tokens_ = 0;  // summed over the sequences
  bool leads_known_ = false;
  Range leads_;                              // least and most over the sequences, if known
  std::vector<DecodingSequence> sequences_;  // heap, the earliest end in front
  std::vector<std::int32_t> block_needs_;  // [step mod block_tokens]: sequences that start a block
};

}  // namespace hexgen
