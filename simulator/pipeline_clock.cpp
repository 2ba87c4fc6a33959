#include "simulator/pipeline_clock.h"

#include <algorithm>
#include <cassert>

namespace hexgen {

PipelineClock::PipelineClock(const ReplicaModel& model,
                             EngineOverhead overhead,
                             ExecutionProbe probe)
    : Pipeline(model, overhead, probe),
      free_(stages_.size()) {
  for (const StageTransfers& transfers : transfers_) {
    link_free_.emplace_back(transfers.handoff.size());
  }
}

void PipelineClock::launch(const IterationShape& shape,
                           SimTime start,
                           std::int64_t iteration,
                           Passage& passage) {
  assert(start >= free_.front());
  const BatchShape tokens = batch_shape(shape);
  SimTime arrival = start;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    const StageService service = this->service(s, shape);
    const SimTime begin = std::max(arrival, free_[s]);
    const SimTime end = begin + service.busy;
    free_[s] = end;
    count(s, service);
    passage.token_time = end;
    arrival = hand_off(s, tokens, end);
    const auto stage = static_cast<int>(s);
    probe_.stage_served({stage, iteration, begin, end, shape});
    probe_.handed_off({stage, iteration, end, arrival, shape});
  }
  passage.return_time = arrival;
}

void PipelineClock::book(const StageService& service, SimTime end) {
  count(0, service);
  free_.front() = end;
}

void PipelineClock::cut([[maybe_unused]] SimTime now) {
  assert(std::all_of(free_.begin(), free_.end(), [now](SimTime free) { return free <= now; }));
}

/// The arrival at the next stage of what leaves this one at `begin`. The bytes of one hand-off
/// cross a link after those of the one before; the rest of the time overlaps.
SimTime PipelineClock::hand_off(std::size_t stage, const BatchShape& tokens, SimTime begin) {
  SimTime now = begin;
  SimTime left = handoff_ns(stage, tokens);
  for (std::size_t leg = 0; leg < link_free_[stage].size(); ++leg) {
    const SimTime flow = handoff_leg_ns(stage, leg, tokens);
    now = std::max(now, link_free_[stage][leg]) + flow;
    link_free_[stage][leg] = now;
    left -= flow;
  }
  return now + left;
}

}  // namespace hexgen
