#include "runner/engine/arrival_queue.h"

#include <cassert>

#include "runner/engine/scheduler.h"

namespace hexgen {

void ArrivalQueue::push(Clock::time_point at, GenerationRequest request) {
  assert(arrivals_.empty() || at >= arrivals_.back().at);
  arrivals_.push_back({at, std::move(request)});
}

void ArrivalQueue::deliver(Clock::time_point now, Scheduler& scheduler) {
  while (!arrivals_.empty() && arrivals_.front().at <= now) {
    scheduler.add(std::move(arrivals_.front().request));
    arrivals_.pop_front();
  }
}

std::optional<ArrivalQueue::Clock::time_point> ArrivalQueue::next() const {
  return arrivals_.empty() ? std::nullopt : std::optional(arrivals_.front().at);
}

}  // namespace hexgen
