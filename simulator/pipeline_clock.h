#pragma once

#include <vector>

#include "cost_models/stage_cost.h"
#include "simulator/execution_observer.h"
#include "simulator/sim_time.h"
#include "simulator/stage_timer.h"

namespace hexgen {

/// The stages of one replica as a line of servers. Each serves one micro-batch at a time, in the
/// order of launch; hand-offs take their time and overlap with the service of other micro-batches.
/// Service and hand-off times are known at launch, so the whole way of a micro-batch is computed
/// there: start at stage s = max(arrival at s, end of the micro-batch before at s).
class PipelineClock {
 public:
  explicit PipelineClock(const std::vector<StageCost>& stages, ExecutionProbe probe = {});

  struct Passage {
    SimTime token_time = 0;   // end of the last stage: the tokens exist
    SimTime return_time = 0;  // the tokens are back at the first stage
  };

  int num_stages() const { return static_cast<int>(stages_.size()); }

  /// The first stage can start from here on.
  SimTime first_stage_free() const { return free_.front(); }

  /// Sends a micro-batch into the first stage at `start` >= first_stage_free(). `iteration` is for
  /// the observer.
  Passage launch(const IterationShape& shape, SimTime start, std::int64_t iteration = 0);

  /// For runs of decode steps in a pipeline of one stage, which are not launched one by one: time
  /// that the stage is busy, and time until the tokens are back.
  SimTime service_ns(const IterationShape& shape) { return timers_.front().service_ns(shape); }

  SimTime return_ns(const IterationShape& shape) const;

  /// Books iterations that ran on the only stage without launch(): busy for `busy` in all, free
  /// again at `end`.
  void book(SimTime busy, SimTime end) {
    busy_.front() += busy;
    free_.front() = end;
  }

  const std::vector<SimTime>& busy() const { return busy_; }

 private:
  std::vector<StageCost> stages_;
  ExecutionProbe probe_;
  std::vector<StageTimer> timers_;  // [stage]
  std::vector<SimTime> free_;       // [stage]
  std::vector<SimTime> busy_;       // [stage]
};

}  // namespace hexgen
