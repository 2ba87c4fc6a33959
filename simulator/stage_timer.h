#pragma once

#include <cstdint>
#include <vector>

#include "cost_models/sim_time.h"
#include "cost_models/stage_cost.h"

namespace hexgen {

/// One iteration of one micro-batch, in whole tokens.
struct IterationShape {
  std::int64_t decode_rows = 0;         // decoding sequences, one token each
  std::int64_t prefill_tokens = 0;      // summed over the prompt chunks
  std::int64_t logit_rows = 0;          // sequences that emit a token
  std::int64_t kv_read_tokens = 0;      // by decode attention, summed over the sequences
  std::int64_t kv_shortest_tokens = 0;  // this and the longest: 0 where nobody reads them
  std::int64_t kv_longest_tokens = 0;
  std::int64_t prefill_pairs = 0;

  bool operator==(const IterationShape&) const = default;
};

BatchShape batch_shape(const IterationShape& shape);
MeasuredBatch measured_batch(const IterationShape& shape);

/// One iteration of a stage; `outside`: measurements had to be extended. `farthest`: how many times
/// outside of the measured range, where that is known; 1 otherwise.
struct StageService {
  SimTime busy = 0;
  bool outside = false;
  double farthest = 1;
};

/// How long a stage is busy with an iteration: the seam between the time of a stage and the passage
/// of micro-batches through the pipeline. Remembers what it computed, so it is not shared.
class StageTimer {
 public:
  explicit StageTimer(StageCost cost);

  StageService service(const IterationShape& shape);

 private:
  /// A decode iteration without attention.
  struct DecodeTime {
    double time_ns = -1;  // below 0: not computed yet
    bool outside = false;
  };

  StageService modelled(const IterationShape& shape);
  StageService with_range(const IterationShape& shape, SimTime busy) const;
  StageService from_tables(const IterationShape& shape);
  DecodeTime decode_time(std::int64_t rows);
  DecodeTime compute_decode_time(double rows) const;

  StageCost cost_;
  bool has_range_;  // something was measured, over a range that an iteration may leave
  std::vector<DecodeTime> decode_times_;  // [rows]
};

}  // namespace hexgen
