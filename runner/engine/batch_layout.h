#pragma once

#include <vector>

#include "runner/engine/step_batch.h"

namespace hexgen {

/// A batch as the kernels take it: the tokens of all slices one after the other.
struct BatchLayout {
  int num_tokens = 0;
  int num_sequences = 0;
  int max_blocks = 0;               // row length of the block table
  int max_queries = 0;              // of one sequence
  std::vector<int> tokens;          // [num_tokens]
  std::vector<int> positions;       // [num_tokens]
  std::vector<int> slots;           // [num_tokens], in the KV cache
  std::vector<int> query_starts;    // [num_sequences + 1]
  std::vector<int> context_tokens;  // [num_sequences]
  std::vector<int> block_table;     // [num_sequences, max_blocks]
  std::vector<int> sampled_rows;    // tokens behind which one is drawn
};

BatchLayout batch_layout(const StepBatch& batch);

}  // namespace hexgen
