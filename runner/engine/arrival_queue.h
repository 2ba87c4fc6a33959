#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "runner/engine/request.h"

namespace hexgen {

class Scheduler;

/// Requests that come to a driver while it runs, each at its time.
class ArrivalQueue {
 public:
  using Clock = std::chrono::steady_clock;

  /// Requests come in the order in which they are pushed, so `at` must not fall.
  void push(Clock::time_point at, GenerationRequest request);

  /// Gives the scheduler what has come by `now`.
  void deliver(Clock::time_point now, Scheduler& scheduler);

  /// When the next request comes; none when all have come.
  std::optional<Clock::time_point> next() const;

 private:
  struct Arrival {
    Clock::time_point at;
    GenerationRequest request;
  };

  std::deque<Arrival> arrivals_;
};

}  // namespace hexgen
