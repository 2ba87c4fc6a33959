#include "runner/engine/kv_block_pool.h"

#include <cassert>
#include <numeric>

#include "kernels/kv_cache.h"

namespace hexgen {

KvBlockPool::KvBlockPool(int blocks)
    : free_(static_cast<std::size_t>(blocks)) {
  std::iota(free_.rbegin(), free_.rend(), 0);  // the lowest are taken first
}

std::vector<int> KvBlockPool::take(int count) {
  assert(count <= free_blocks());
  const std::vector<int> blocks(free_.rbegin(), free_.rbegin() + count);
  free_.resize(free_.size() - static_cast<std::size_t>(count));
  return blocks;
}

void KvBlockPool::give_back(const std::vector<int>& blocks) {
  free_.insert(free_.end(), blocks.rbegin(), blocks.rend());
}

int kv_blocks_for(int tokens) {
  return (tokens + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens;
}

}  // namespace hexgen
