#pragma once

#include <string>
#include <vector>

#include "cost_models/plan.h"
#include "cost_models/sim_time.h"
#include "profiles/cluster.h"

namespace hexgen {

/// Devices that fail or come back at one moment.
struct DeviceEvent {
  SimTime time = 0;
  bool fails = true;
  std::vector<int> devices;
  std::string name;  // what errors call it: "--fail il-0:1@20"
};

/// A replica that goes down or comes up.
struct AvailabilityChange {
  SimTime time = 0;
  int replica = -1;
  bool up = false;

  bool operator==(const AvailabilityChange&) const = default;
};

/// What the events mean for the pipelines of a plan, in order of time and replica. A pipeline is
/// down from the first of its devices to fail until `restart_ns` after the last of them is back, if
/// none fails before; restarting loads the weights. Throws InputError for an event that changes
/// nothing and for two that contradict each other.
std::vector<AvailabilityChange> availability_changes(const Plan& plan,
                                                     const Cluster& cluster,
                                                     std::vector<DeviceEvent> events,
                                                     SimTime restart_ns);

}  // namespace hexgen
