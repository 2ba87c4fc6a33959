#pragma once

#include <vector>

namespace hexgen {

/// The free blocks of a pipeline's KV cache. Every stage has the same blocks, so one pool and one
/// block table serve all of them.
class KvBlockPool {
 public:
  explicit KvBlockPool(int blocks);

  int free_blocks() const { return static_cast<int>(free_.size()); }

  /// Precondition: count <= free_blocks().
  std::vector<int> take(int count);
  void give_back(const std::vector<int>& blocks);

 private:
  std::vector<int> free_;
};

/// Blocks that so many tokens fill.
int kv_blocks_for(int tokens);

}  // namespace hexgen
