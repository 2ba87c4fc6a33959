#include "simulator/pipeline.h"

#include <cassert>

namespace hexgen {

Pipeline::Pipeline(const ReplicaModel& model, EngineOverhead overhead, ExecutionProbe probe)
    : stages_(model.stages),
      transfers_(model.transfers),
      busy_(model.stages.size()),
      outside_(model.stages.size()),
      farthest_(model.stages.size(), 1.0),
      probe_(probe),
      overhead_(overhead) {
  assert(transfers_.empty() || transfers_.size() == stages_.size());
  transfers_.resize(stages_.size());
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    timers_.emplace_back(stages_[s]);
  }
}

StageService Pipeline::service(std::size_t stage, const IterationShape& shape) {
  StageService service = timers_[stage].service(shape);
  if (stage == 0) {
    service.busy += overhead_.time_ns(shape.logit_rows);
  }
  return service;
}

SimTime Pipeline::return_ns(const IterationShape& shape) const {
  assert(num_stages() == 1);
  return to_sim_time(stages_.front().handoff_time_s(batch_shape(shape)));
}

// The shares of a hand-off's legs add up to 1 at most, and rounding down keeps their sum within the
// whole.
SimTime Pipeline::handoff_leg_ns(std::size_t stage,
                                 std::size_t leg,
                                 const BatchShape& shape) const {
  const StageCost& cost = stages_[stage];
  const double bytes_s = std::max(0.0, cost.handoff_time_s(shape) - cost.handoff_s);
  return static_cast<SimTime>(transfers_[stage].handoff[leg].share * bytes_s *
                              kNanosecondsPerSecond);
}

}  // namespace hexgen
