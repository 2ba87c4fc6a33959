#pragma once

#include <vector>

#include "cost_models/stage_cost.h"
#include "simulator/execution_observer.h"
#include "simulator/serving_system.h"
#include "simulator/sim_time.h"
#include "simulator/simulation.h"
#include "simulator/stage_timer.h"

namespace hexgen {

/// The stages of one replica as a line of servers. Each serves one micro-batch at a time, in the
/// order of launch; hand-offs take their time and overlap with the service of other micro-batches.
/// Service and hand-off times are known at launch, so the whole way of a micro-batch is computed
/// there: start at stage s = max(arrival at s, end of the micro-batch before at s).
class PipelineClock {
 public:
  PipelineClock(const ReplicaModel& model, EngineOverhead overhead, ExecutionProbe probe);

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

  /// Service of one iteration by a stage.
  StageService service(std::size_t stage, const IterationShape& shape);

  /// For runs of decode steps in a pipeline of one stage, which are not launched one by one: time
  /// until the tokens are back.
  SimTime return_ns(const IterationShape& shape) const;

  /// Books an iteration that ran on the only stage without launch().
  void book(const StageService& service, SimTime end) {
    busy_.front() += service.busy;
    outside_.front() += service.outside ? 1 : 0;
    free_.front() = end;
  }

  const std::vector<SimTime>& busy() const { return busy_; }

  /// Iterations of each stage for which its measured tables had to be extended.
  const std::vector<std::int64_t>& outside() const { return outside_; }

 private:
  std::vector<StageCost> stages_;
  EngineOverhead overhead_;
  ExecutionProbe probe_;
  std::vector<StageTimer> timers_;     // [stage]
  std::vector<SimTime> free_;          // [stage]
  std::vector<SimTime> busy_;          // [stage]
  std::vector<std::int64_t> outside_;  // [stage]
};

}  // namespace hexgen
