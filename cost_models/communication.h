#pragma once

#include <vector>

#include "profiles/cluster.h"

namespace hexgen {

/// Time of a collective or transfer that is linear in its size: latency + bytes * s_per_byte.
struct TransferCost {
  double latency_s = 0;
  double s_per_byte = 0;

  double time_s(double bytes) const { return latency_s + bytes * s_per_byte; }

  TransferCost operator+(const TransferCost& other) const {
    return {latency_s + other.latency_s, s_per_byte + other.s_per_byte};
  }
};

/// All-reduce of a buffer that every device holds: the latencies of a tree and the bandwidth of a
/// ring, 2 (n-1)/n of the bytes, which are what NCCL reaches for small and for large messages; both
/// over the slowest link of the group. Nothing for a single device.
TransferCost all_reduce_cost(const Cluster& cluster, const std::vector<int>& devices);

/// Binary-tree broadcast from one device to the others of a group: ceil(log2 n) latencies, the
/// bytes pipelined once over the slowest link.
TransferCost broadcast_cost(const Cluster& cluster, const std::vector<int>& devices);

/// From one tensor-parallel group to the next: the data crosses once, between the two devices that
/// reach each other best (the leaders), and is then broadcast inside the receiving group. Free when
/// the groups share a device.
TransferCost handoff_cost(const Cluster& cluster,
                          const std::vector<int>& from_devices,
                          const std::vector<int>& to_devices);

/// The pair that handoff_cost() sends over.
struct LeaderPair {
  int from_device = -1;
  int to_device = -1;
};

LeaderPair leader_pair(const Cluster& cluster,
                       const std::vector<int>& from_devices,
                       const std::vector<int>& to_devices);

}  // namespace hexgen
