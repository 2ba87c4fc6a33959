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
};

/// The stages of one replica as a line of servers. Each serves one micro-batch at a time, in the
/// order of launch; hand-offs take their time and overlap with the service of other micro-batches.
/// Service and hand-off times are known at launch, so the whole way of a micro-batch is computed
/// there: start at stage s = max(arrival at s, end of the micro-batch before at s).
class PipelineClock {
 public:
  explicit PipelineClock(const std::vector<StageCost>& stages);

  struct Passage {
    SimTime token_time = 0;   // end of the last stage: the tokens exist
    SimTime return_time = 0;  // the tokens are back at the first stage
  };

  int num_stages() const { return static_cast<int>(stages_.size()); }

  /// The first stage can start from here on.
  SimTime first_stage_free() const { return free_.front(); }

  /// Sends a micro-batch into the first stage at `start` >= first_stage_free().
  Passage launch(const IterationShape& shape, SimTime start);

  /// Time of a decode iteration in a pipeline of one stage is
  /// round_ns(fixed_ns + ns_per_kv_token * kv_tokens): for runs of decode steps.
  struct DecodeTime {
    double fixed_ns = 0;
    double ns_per_kv_token = 0;
    SimTime return_ns = 0;  // hand-off of the tokens

    SimTime busy_ns(std::int64_t kv_tokens) const {
      return round_ns(fixed_ns + ns_per_kv_token * static_cast<double>(kv_tokens));
    }
  };

  DecodeTime decode_time(std::int64_t rows);

  /// Books iterations that ran on the only stage without launch(): busy for `busy` in all, free
  /// again at `end`.
  void book(SimTime busy, SimTime end) {
    busy_.front() += busy;
    free_.front() = end;
  }

  const std::vector<SimTime>& busy() const { return busy_; }

 private:
  double decode_fixed_ns(std::size_t stage, std::int64_t rows);
  SimTime service_ns(std::size_t stage, const IterationShape& shape);

  std::vector<StageCost> stages_;
  std::vector<SimTime> free_;  // [stage]
  std::vector<SimTime> busy_;  // [stage]
  // [stage][rows]: time of a decode iteration without attention; below 0: not computed yet
  std::vector<std::vector<double>> decode_fixed_ns_;
};

}  // namespace hexgen
