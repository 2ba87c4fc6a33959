#pragma once

#include <compare>
#include <cstdint>

#include "simulator/sim_time.h"

namespace hexgen {

/// What can happen, in the order in which things of one instant happen: an iteration that ends at t
/// frees its room before a request arrives at t, and both are seen by an iteration launched at t.
enum class EventKind : std::uint8_t { kIterationEnd, kArrival, kLaunch };

/// The one total order of events; no floating point.
struct EventKey {
  SimTime time = 0;
  EventKind kind = EventKind::kIterationEnd;
  std::uint64_t sequence = 0;  // separates events of one kind at one instant

  friend auto operator<=>(const EventKey&, const EventKey&) = default;
};

/// After every event that can happen.
inline constexpr EventKey kNever = {
    .time = kEndOfTime, .kind = EventKind::kLaunch, .sequence = ~0ULL};

}  // namespace hexgen
