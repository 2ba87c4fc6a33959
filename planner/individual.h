#pragma once

#include <vector>

#include "planner/device_group.h"
#include "profiles/cluster.h"

namespace hexgen {

/// A partition of the cluster's devices into groups, each of which is to serve as one pipeline;
/// devices in no group are idle. The genome of phase 2.
struct Individual {
  std::vector<DeviceGroup> groups;
  int leniency = 0;  // in [-kMaxLeniency, kMaxLeniency]: steps of 5 % (leniency_factor())

  friend bool operator==(const Individual&, const Individual&) = default;
  friend auto operator<=>(const Individual&, const Individual&) = default;
};

inline constexpr int kMaxLeniency = 12;

/// Factor on the latency limit at which requests are divided among the pipelines
/// (divide_requests()): 1.05^leniency.
double leniency_factor(const Individual& individual);

int num_devices(const DeviceGroup& group);

/// Devices of `node` in the group; 0 when it has none.
int devices_on(const DeviceGroup& group, int node);

/// Adds devices of a node (a negative count removes) and keeps the group sorted and free of zeros.
void add_devices(DeviceGroup& group, int node, int count);

/// Both groups together.
DeviceGroup merged(const DeviceGroup& a, const DeviceGroup& b);

/// Devices of the cluster that are in no group.
DeviceGroup idle_devices(const Individual& individual, const Cluster& cluster);

/// Drops empty groups and sorts the rest, so that equal partitions compare equal.
void normalise(Individual& individual);

/// True when every share is on a node of the cluster, positive, and no node is overdrawn.
bool is_partition(const Individual& individual, const Cluster& cluster);

}  // namespace hexgen
