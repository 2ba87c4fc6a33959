#include "simulator/pipeline_clock.h"

#include <algorithm>
#include <cassert>

namespace hexgen {

PipelineClock::PipelineClock(const ReplicaModel& model,
                             EngineOverhead overhead,
                             ExecutionProbe probe)
    : stages_(model.stages),
      overhead_(overhead),
      probe_(probe),
      free_(stages_.size()),
      busy_(stages_.size()),
      outside_(stages_.size()) {
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    timers_.emplace_back(stages_[s], model.measured_stage(s));
  }
}

StageService PipelineClock::service(std::size_t stage, const IterationShape& shape) {
  StageService service = timers_[stage].service(shape);
  if (stage == 0) {
    service.busy += overhead_.time_ns(shape.logit_rows);
  }
  return service;
}

PipelineClock::Passage PipelineClock::launch(const IterationShape& shape,
                                             SimTime start,
                                             std::int64_t iteration) {
  assert(start >= free_.front());
  const BatchShape tokens = batch_shape(shape);
  Passage passage;
  SimTime arrival = start;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    const StageService service = this->service(s, shape);
    const SimTime begin = std::max(arrival, free_[s]);
    const SimTime end = begin + service.busy;
    free_[s] = end;
    busy_[s] += service.busy;
    outside_[s] += service.outside ? 1 : 0;
    passage.token_time = end;
    arrival = end + to_sim_time(stages_[s].handoff_time_s(tokens));
    const auto stage = static_cast<int>(s);
    probe_.stage_served({stage, iteration, begin, end, shape});
    probe_.handed_off({stage, iteration, end, arrival, shape});
  }
  passage.return_time = arrival;
  return passage;
}

SimTime PipelineClock::return_ns(const IterationShape& shape) const {
  assert(num_stages() == 1);
  return to_sim_time(stages_.front().handoff_time_s(batch_shape(shape)));
}

}  // namespace hexgen
