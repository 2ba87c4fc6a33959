#pragma once

#include <algorithm>
#include <vector>

#include "simulator/event.h"
#include "simulator/execution_observer.h"
#include "simulator/serving_system.h"
#include "simulator/simulation.h"
#include "simulator/stage_timer.h"

namespace hexgen {

/// When a micro-batch is done with the stages; kEndOfTime: not known yet.
struct Passage {
  SimTime token_time = kEndOfTime;   // end of the last stage: the tokens exist
  SimTime return_time = kEndOfTime;  // the tokens are back at the first stage
};

/// The stages of one replica as a line of servers. Each serves one micro-batch at a time, in the
/// order of launch; hand-offs take their time and overlap with the service of other micro-batches.
class Pipeline {
 public:
  virtual ~Pipeline() = default;

  /// The first stage can start from here on; kEndOfTime: not known yet.
  virtual SimTime first_stage_free() const = 0;

  /// Sends a micro-batch into the first stage at `start` >= first_stage_free(). `passage` is filled
  /// now or as events are carried out, and stays where it is until then. `iteration` is for the
  /// observer.
  virtual void launch(const IterationShape& shape,
                      SimTime start,
                      std::int64_t iteration,
                      Passage& passage) = 0;

  /// Books an iteration that ran on the only stage without launch().
  virtual void book(const StageService& service, SimTime end) = 0;

  /// The next thing that happens inside the pipeline; kNever where all is known at launch.
  virtual EventKey next_event() const = 0;
  virtual void carry_out_next() = 0;

  /// Drops what is under way at `now`; all stages are free from then on.
  virtual void cut(SimTime now) = 0;

  int num_stages() const { return static_cast<int>(stages_.size()); }

  const std::vector<SimTime>& busy() const { return busy_; }

  /// Iterations of each stage for which its measured tables had to be extended.
  const std::vector<std::int64_t>& outside() const { return outside_; }

  /// How many times outside of the measured range the farthest of them was; 1: none, or unknown.
  const std::vector<double>& farthest() const { return farthest_; }

  /// Service of one iteration by a stage.
  StageService service(std::size_t stage, const IterationShape& shape);

  /// For runs of decode steps in a pipeline of one stage, which are not launched one by one: time
  /// until the tokens are back.
  SimTime return_ns(const IterationShape& shape) const;

 protected:
  Pipeline(const ReplicaModel& model, EngineOverhead overhead, ExecutionProbe probe);

  /// Alpha-beta time of the hand-off behind a stage.
  SimTime handoff_ns(std::size_t stage, const BatchShape& shape) const {
    return to_sim_time(stages_[stage].handoff_time_s(shape));
  }

  /// Parts of handoff_ns() in which the bytes cross the network, when they are alone there.
  SimTime handoff_leg_ns(std::size_t stage, std::size_t leg, const BatchShape& shape) const;

  void count(std::size_t stage, const StageService& service) {
    busy_[stage] += service.busy;
    count_outside(stage, service);
  }

  void count_outside(std::size_t stage, const StageService& service) {
    outside_[stage] += service.outside ? 1 : 0;
    farthest_[stage] = std::max(farthest_[stage], service.farthest);
  }

  std::vector<StageCost> stages_;
  std::vector<StageTransfers> transfers_;  // [stage]; none: every transfer is a plain delay
  std::vector<SimTime> busy_;              // [stage]
  std::vector<std::int64_t> outside_;      // [stage]
  std::vector<double> farthest_;           // [stage]
  ExecutionProbe probe_;

 private:
  EngineOverhead overhead_;
  std::vector<StageTimer> timers_;  // [stage]
};

}  // namespace hexgen
