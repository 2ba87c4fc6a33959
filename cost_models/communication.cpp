#include "cost_models/communication.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace hexgen {
namespace {

// Leaders are chosen for a message between a decode step (16 KB) and a prefill (32 MB).
constexpr double kLeaderMessageBytes = 1e6;

/// The path between two devices as an all-reduce sees it: an all-reduce inside a node has its own
/// latency and reaches only part of the link.
Link all_reduce_link(const Cluster& cluster, int a, int b) {
  const int node = cluster.device(a).node;
  if (node != cluster.device(b).node) {
    return cluster.link(a, b);
  }
  const LinkType& type = cluster.intra_link_of(node);
  return {.latency_s = type.all_reduce_latency_s,
          .bandwidth_bytes_per_s = type.link.bandwidth_bytes_per_s * type.all_reduce_fraction};
}

/// Worst latency and worst bandwidth over all pairs of the group.
template <typename Hop>
Link slowest_link(const std::vector<int>& devices, Hop hop) {
  Link slowest = {.latency_s = 0, .bandwidth_bytes_per_s = std::numeric_limits<double>::infinity()};
  for (std::size_t a = 0; a < devices.size(); ++a) {
    for (std::size_t b = a + 1; b < devices.size(); ++b) {
      const Link link = hop(devices[a], devices[b]);
      slowest.latency_s = std::max(slowest.latency_s, link.latency_s);
      slowest.bandwidth_bytes_per_s =
          std::min(slowest.bandwidth_bytes_per_s, link.bandwidth_bytes_per_s);
    }
  }
  return slowest;
}

}  // namespace

TransferCost all_reduce_cost(const Cluster& cluster, const std::vector<int>& devices) {
  if (devices.size() < 2) {
    return {};
  }
  const Link slowest =
      slowest_link(devices, [&](int a, int b) { return all_reduce_link(cluster, a, b); });
  const auto n = static_cast<double>(devices.size());
  return {
      .latency_s = all_reduce_latency_steps(static_cast<int>(devices.size())) * slowest.latency_s,
      .s_per_byte = 2 * (n - 1) / n / slowest.bandwidth_bytes_per_s};
}

TransferCost broadcast_cost(const Cluster& cluster, const std::vector<int>& devices) {
  if (devices.size() < 2) {
    return {};
  }
  const Link slowest = slowest_link(devices, [&](int a, int b) { return cluster.link(a, b); });
  const auto rounds = static_cast<double>(std::bit_width(devices.size() - 1));
  return {.latency_s = rounds * slowest.latency_s, .s_per_byte = 1 / slowest.bandwidth_bytes_per_s};
}

LeaderPair leader_pair(const Cluster& cluster,
                       const std::vector<int>& from_devices,
                       const std::vector<int>& to_devices) {
  LeaderPair best;
  double best_s = std::numeric_limits<double>::infinity();
  for (const int from : from_devices) {
    for (const int to : to_devices) {
      const double transfer_s =
          from == to ? 0.0 : cluster.link(from, to).transfer_s(kLeaderMessageBytes);
      if (transfer_s < best_s) {
        best = {.from_device = from, .to_device = to};
        best_s = transfer_s;
      }
    }
  }
  return best;
}

TransferCost handoff_cost(const Cluster& cluster,
                          const std::vector<int>& from_devices,
                          const std::vector<int>& to_devices) {
  const LeaderPair leaders = leader_pair(cluster, from_devices, to_devices);
  if (leaders.from_device == leaders.to_device) {
    return {};
  }
  const Link& link = cluster.link(leaders.from_device, leaders.to_device);
  const TransferCost send = {.latency_s = link.latency_s,
                             .s_per_byte = 1 / link.bandwidth_bytes_per_s};
  return send + broadcast_cost(cluster, to_devices);
}

}  // namespace hexgen
