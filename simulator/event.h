#pragma once

#include <compare>
#include <cstdint>

#include "cost_models/sim_time.h"

namespace hexgen {

/// What can happen, in the order in which things of one instant happen: what a stage or a link is
/// done with at t, an iteration that ends at t, a pipeline that goes down or comes up at t, a
/// request that arrives at t, and an iteration launched at t, which sees all of them.
enum class EventKind : std::uint8_t { kPassage, kIterationEnd, kAvailability, kArrival, kLaunch };

/// The one total order of events; no floating point.
struct EventKey {
  SimTime time = 0;
  EventKind kind = EventKind::kPassage;
  std::uint64_t sequence = 0;  // separates events of one kind at one instant

  friend auto operator<=>(const EventKey&, const EventKey&) = default;
};

/// After every event that can happen: none happens at the end of time.
inline constexpr EventKey kNever = {.time = kEndOfTime, .kind = EventKind::kPassage};

}  // namespace hexgen
