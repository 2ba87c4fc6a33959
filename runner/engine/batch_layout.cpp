#include "runner/engine/batch_layout.h"

#include <algorithm>

#include "kernels/kv_cache.h"

namespace hexgen {
namespace {

void add_tokens(const SequenceSlice& slice, BatchLayout& layout) {
  for (int i = 0; i < slice.num_tokens(); ++i) {
    const int position = slice.first_position + i;
    const int block = slice.blocks[static_cast<std::size_t>(position / kernels::kKvBlockTokens)];
    layout.tokens.push_back(slice.tokens[static_cast<std::size_t>(i)]);
    layout.positions.push_back(position);
    layout.slots.push_back(block * kernels::kKvBlockTokens + position % kernels::kKvBlockTokens);
  }
  layout.num_tokens += slice.num_tokens();
}

void add_block_row(const SequenceSlice& slice, BatchLayout& layout) {
  const auto first = static_cast<std::ptrdiff_t>(layout.block_table.size());
  layout.block_table.resize(layout.block_table.size() +
                            static_cast<std::size_t>(layout.max_blocks));
  std::copy(slice.blocks.begin(), slice.blocks.end(), layout.block_table.begin() + first);
}

}  // namespace

BatchLayout batch_layout(const StepBatch& batch) {
  BatchLayout layout = {.num_sequences = static_cast<int>(batch.slices.size()),
                        .query_starts = {0}};
  for (const SequenceSlice& slice : batch.slices) {
    layout.max_blocks = std::max(layout.max_blocks, static_cast<int>(slice.blocks.size()));
    layout.max_queries = std::max(layout.max_queries, slice.num_tokens());
  }
  for (const SequenceSlice& slice : batch.slices) {
    add_tokens(slice, layout);
    add_block_row(slice, layout);
    layout.query_starts.push_back(layout.num_tokens);
    layout.context_tokens.push_back(slice.context_tokens());
    if (slice.sampling) {
      layout.sampled_rows.push_back(layout.num_tokens - 1);
    }
  }
  return layout;
}

}  // namespace hexgen
