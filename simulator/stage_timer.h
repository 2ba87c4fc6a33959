#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/stage_cost.h"
#include "simulator/sim_time.h"

namespace hexgen {

/// One iteration of one micro-batch, in whole tokens.
struct IterationShape {
  std::int64_t decode_rows = 0;     // decoding sequences, one token each
  std::int64_t prefill_tokens = 0;  // summed over the prompt chunks
  std::int64_t logit_rows = 0;      // sequences that emit a token
  std::int64_t kv_read_tokens = 0;
  std::int64_t prefill_pairs = 0;

  bool operator==(const IterationShape&) const = default;
};

BatchShape batch_shape(const IterationShape& shape);

/// How long a stage is busy with an iteration: the seam between the time of a stage and the passage
/// of micro-batches through the pipeline. Remembers what it computed, so it is not shared.
class StageTimer {
 public:
  explicit StageTimer(const StageCost& cost);

  SimTime service_ns(const IterationShape& shape);

 private:
  double decode_fixed_ns(std::int64_t rows);

  StageCost cost_;
  std::vector<double> decode_fixed_ns_;  // [rows]: a decode iteration without attention; < 0: new
};

}  // namespace hexgen
