#pragma once

#include <cstdint>
#include <limits>

namespace hexgen {

/// The clock of a run: whole nanoseconds since its start, so that sums and comparisons are exact.
using SimTime = std::int64_t;

inline constexpr SimTime kEndOfTime = std::numeric_limits<SimTime>::max();
inline constexpr double kNanosecondsPerSecond = 1e9;

/// Nearest nanosecond of a duration or time that is not negative.
inline SimTime round_ns(double nanoseconds) {
  return static_cast<SimTime>(nanoseconds + 0.5);
}

inline SimTime to_sim_time(double seconds) {
  return round_ns(seconds * kNanosecondsPerSecond);
}

inline double to_seconds(SimTime time) {
  return static_cast<double>(time) / kNanosecondsPerSecond;
}

}  // namespace hexgen
