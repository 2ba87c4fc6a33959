#pragma once

#include <algorithm>
#include <cstdint>

namespace hexgen {

/// Blocks that a preempted sequence gave back.
struct FreedBlocks {
  std::int64_t full = 0;        // leading blocks with all their tokens computed
  std::int64_t held = 0;        // all of them
  std::int64_t taken_from = 0;  // blocks taken in all when the last of them is the next to go
};

/// The KV blocks of a replica, by number. Free blocks are taken in the order in which they were
/// given back, those of one sequence from its last to its first, and keep their content until then.
class KvBlocks {
 public:
  KvBlocks(std::int64_t count, std::int64_t block_tokens)
      : count_(count),
        block_tokens_(block_tokens),
        free_(count) {}

  std::int64_t free() const { return free_; }

  std::int64_t used() const { return count_ - free_; }

  std::int64_t blocks_of(std::int64_t tokens) const {
    return (tokens + block_tokens_ - 1) / block_tokens_;
  }

  /// Precondition: blocks <= free().
  void take(std::int64_t blocks) {
    free_ -= blocks;
    taken_ += blocks;
  }

  void give_back(std::int64_t blocks) { free_ += blocks; }

  /// The same, of a sequence whose leading `computed_tokens` are in its blocks.
  FreedBlocks give_back(std::int64_t blocks, std::int64_t computed_tokens) {
    const FreedBlocks freed = {
        .full = computed_tokens / block_tokens_, .held = blocks, .taken_from = taken_ + free_};
    free_ += blocks;
    return freed;
  }

  /// Full blocks among the freed ones that nobody took. Valid in the order of preemption, the last
  /// one first: then those that are reused never lie before those of another sequence that waits.
  std::int64_t reusable(const FreedBlocks& freed) const {
    const std::int64_t taken = std::max<std::int64_t>(0, taken_ - freed.taken_from);
    return std::clamp<std::int64_t>(freed.held - taken, 0, freed.full);
  }

  /// Takes free blocks with their content.
  void reuse(std::int64_t blocks) { free_ -= blocks; }

  void give_back_all() { free_ = count_; }

 private:
  std::int64_t count_;
  std::int64_t block_tokens_;
  std::int64_t free_;
  std::int64_t taken_ = 0;  // in all
};

}  // namespace hexgen
