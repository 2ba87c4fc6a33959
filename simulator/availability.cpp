#include "simulator/availability.h"

#include <algorithm>
#include <tuple>

#include "profiles/errors.h"

namespace hexgen {
namespace {

/// A device that changes its state.
struct DeviceChange {
  SimTime time = 0;
  bool up = false;
};

using DeviceHistory = std::vector<DeviceChange>;  // in order of time, down and up in turn

bool is_down(const DeviceHistory& history) {
  return !history.empty() && !history.back().up;
}

/// Appends the event to the histories of those of its devices whose state it changes.
void apply(const DeviceEvent& event, std::vector<DeviceHistory>& histories) {
  bool changes = false;
  for (const int device : event.devices) {
    DeviceHistory& history = histories[static_cast<std::size_t>(device)];
    if (is_down(history) == event.fails) {
      continue;
    }
    if (!history.empty() && history.back().time == event.time) {
      throw InputError(event.name + ": fails and recovers at the same time");
    }
    history.push_back({.time = event.time, .up = !event.fails});
    changes = true;
  }
  if (!changes) {
    throw InputError(event.name + ": is " + (event.fails ? "down" : "up") +
                     " at that time already");
  }
}

/// All changes of a pipeline's devices; at one instant failures come first, as a pipeline whose
/// devices take turns in being down is never up.
std::vector<DeviceChange> changes_of(const PipelineGroup& pipeline,
                                     const std::vector<DeviceHistory>& histories) {
  std::vector<DeviceChange> changes;
  for (const Stage& stage : pipeline.stages) {
    for (const int device : stage.devices) {
      const DeviceHistory& history = histories[static_cast<std::size_t>(device)];
      changes.insert(changes.end(), history.begin(), history.end());
    }
  }
  std::sort(changes.begin(), changes.end(), [](const DeviceChange& a, const DeviceChange& b) {
    return std::tie(a.time, a.up) < std::tie(b.time, b.up);
  });
  return changes;
}

void add_replica(int replica,
                 const std::vector<DeviceChange>& changes,
                 SimTime restart_ns,
                 std::vector<AvailabilityChange>& result) {
  int devices_down = 0;
  bool up = true;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    devices_down += changes[i].up ? -1 : 1;
    if (up && devices_down > 0) {
      up = false;
      result.push_back({.time = changes[i].time, .replica = replica, .up = false});
    }
    if (devices_down == 0) {
      const SimTime ready = changes[i].time + restart_ns;
      up = i + 1 == changes.size() || ready < changes[i + 1].time;
      if (up) {
        result.push_back({.time = ready, .replica = replica, .up = true});
      }
    }
  }
}

}  // namespace

std::vector<AvailabilityChange> availability_changes(const Plan& plan,
                                                     const Cluster& cluster,
                                                     std::vector<DeviceEvent> events,
                                                     SimTime restart_ns) {
  std::stable_sort(events.begin(), events.end(), [](const DeviceEvent& a, const DeviceEvent& b) {
    return a.time < b.time;
  });
  std::vector<DeviceHistory> histories(static_cast<std::size_t>(cluster.num_devices()));
  for (const DeviceEvent& event : events) {
    apply(event, histories);
  }
  std::vector<AvailabilityChange> result;
  for (std::size_t r = 0; r < plan.pipelines().size(); ++r) {
    add_replica(
        static_cast<int>(r), changes_of(plan.pipelines()[r], histories), restart_ns, result);
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::tie(a.time, a.replica) < std::tie(b.time, b.replica);
  });
  return result;
}

}  // namespace hexgen
