#include "simulator/pipeline_clock.h"

#include <algorithm>
#include <cassert>

namespace hexgen {

PipelineClock::PipelineClock(const std::vector<StageCost>& stages, ExecutionProbe probe)
    : stages_(stages),
      probe_(probe),
      timers_(stages.begin(), stages.end()),
      free_(stages.size()),
      busy_(stages.size()) {}

PipelineClock::Passage PipelineClock::launch(const IterationShape& shape,
                                             SimTime start,
                                             std::int64_t iteration) {
  assert(start >= free_.front());
  const BatchShape tokens = batch_shape(shape);
  Passage passage;
  SimTime arrival = start;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    const SimTime service = timers_[s].service_ns(shape);
    const SimTime begin = std::max(arrival, free_[s]);
    const SimTime end = begin + service;
    free_[s] = end;
    busy_[s] += service;
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
