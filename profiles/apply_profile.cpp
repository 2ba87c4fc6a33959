#include "profiles/apply_profile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "profiles/errors.h"
#include "profiles/profile_fit.h"
#include "profiles/timings.h"

namespace hexgen {
namespace {

std::string versions(const MeasuredProfile& profile) {
  return ", driver " + profile.driver + ", CUDA " + profile.cuda_runtime + ", NCCL " + profile.nccl;
}

bool same_type(const GpuType& type, const GpuMeasurement& gpu, const Catalogue& catalogue) {
  if (type.sm_limit > 0) {
    return type.sm_limit == gpu.sm_limit && type.compute_capability == gpu.compute_capability;
  }
  const CatalogueGpu* known = catalogue.find_gpu(gpu.name);
  return gpu.sm_limit == 0 && type.name == (known == nullptr ? gpu.name : known->type.name);
}

std::vector<GpuMeasurement> gpus_of_type(const MeasuredProfile& profile,
                                         const GpuType& type,
                                         const Catalogue& catalogue) {
  std::vector<GpuMeasurement> gpus;
  std::copy_if(profile.gpus.begin(),
               profile.gpus.end(),
               std::back_inserter(gpus),
               [&](const GpuMeasurement& gpu) { return same_type(type, gpu, catalogue); });
  return gpus;
}

/// Points the nodes of GPU type `gpu_type` at a measured copy of their link type.
void replace_links(const MeasuredProfile& profile,
                   int gpu_type,
                   const std::string& gpu_name,
                   std::vector<Node>& nodes,
                   std::vector<LinkType>& link_types) {
  std::map<int, int> measured;  // link type -> its measured copy
  for (Node& node : nodes) {
    if (node.gpu_type != gpu_type || node.gpus < 2) {
      continue;
    }
    if (measured.find(node.intra_link) == measured.end()) {
      LinkType link = fit_link(profile, link_types[static_cast<std::size_t>(node.intra_link)]);
      link.source += versions(profile);
      if (link.name.find(':') == std::string::npos) {
        link.name += ":" + gpu_name;
      }
      link.timings = std::make_shared<const LinkTimings>(profile);
      measured[node.intra_link] = static_cast<int>(link_types.size());
      link_types.push_back(std::move(link));
    }
    node.intra_link = measured[node.intra_link];
  }
}

/// Timings by the names of two hosts, either way.
using ByHosts = std::map<std::pair<std::string, std::string>, std::vector<HostTiming>>;

ByHosts by_hosts(const std::vector<HostTiming>& timings) {
  ByHosts pairs;
  for (const HostTiming& timing : timings) {
    pairs[std::minmax(timing.from_host, timing.to_host)].push_back(timing);
  }
  return pairs;
}

std::optional<int> node_named(const Cluster& cluster, const std::string& name) {
  for (int node = 0; node < cluster.num_nodes(); ++node) {
    if (cluster.nodes()[static_cast<std::size_t>(node)].name == name) {
      return node;
    }
  }
  return std::nullopt;
}

std::optional<double> message_s(const ByHosts& messages, const ByHosts::key_type& hosts) {
  const auto found = messages.find(hosts);
  return found == messages.end() ? std::nullopt
                                 : std::optional(found->second.front().time.median_s);
}

MeasuredCurve curve_of(const std::vector<HostTiming>& timings) {
  std::vector<MeasuredCurve::Point> points;
  for (const HostTiming& timing : timings) {
    points.push_back({timing.bytes, timing.time.median_s});
  }
  return MeasuredCurve(std::move(points));
}

std::optional<MeasuredCurve> all_reduce_curve(const ByHosts& all_reduces,
                                              const ByHosts::key_type& hosts) {
  const auto found = all_reduces.find(hosts);
  return found == all_reduces.end() ? std::nullopt : std::optional(curve_of(found->second));
}

/// Two nodes of the cluster with what was measured between them.
struct MeasuredPair {
  int a = 0;
  int b = 0;
  Link link;
  std::shared_ptr<const NodeTimings> timings;
};

std::vector<MeasuredPair> measured_pairs(const Cluster& cluster, const MeasuredProfile& profile) {
  const ByHosts messages = by_hosts(profile.messages);
  const ByHosts all_reduces = by_hosts(profile.all_reduces_between_hosts);
  std::vector<MeasuredPair> pairs;
  for (const auto& [hosts, timings] : by_hosts(profile.between_hosts)) {
    const auto a = node_named(cluster, hosts.first);
    const auto b = node_named(cluster, hosts.second);
    if (!a || !b) {
      continue;
    }
    std::vector<LinearSample> samples;
    for (const HostTiming& timing : timings) {
      samples.push_back({1, timing.bytes, timing.time.median_s});
    }
    const LinearFit fit =
        fit_line(samples, "the transfers between " + hosts.first + " and " + hosts.second);
    pairs.push_back({.a = *a,
                     .b = *b,
                     .link = {.latency_s = fit.fixed, .bandwidth_bytes_per_s = 1 / fit.variable},
                     .timings = std::make_shared<const NodeTimings>(
                         NodeTimings{.transfer = curve_of(timings),
                                     .all_reduce = all_reduce_curve(all_reduces, hosts),
                                     .message_s = message_s(messages, hosts)})});
  }
  return pairs;
}

std::vector<Link> node_links_of(const Cluster& cluster, const std::vector<MeasuredPair>& pairs) {
  std::vector<Link> links;
  for (int from = 0; from < cluster.num_nodes(); ++from) {
    for (int to = 0; to < cluster.num_nodes(); ++to) {
      links.push_back(cluster.node_link(from, to));
    }
  }
  const auto nodes = static_cast<std::size_t>(cluster.num_nodes());
  for (const MeasuredPair& pair : pairs) {
    const auto a = static_cast<std::size_t>(pair.a);
    const auto b = static_cast<std::size_t>(pair.b);
    links[a * nodes + b] = links[b * nodes + a] = pair.link;
  }
  return links;
}

/// Of profiles that were applied before.
void copy_node_timings(const Cluster& from, Cluster& to) {
  for (int a = 0; a < from.num_nodes(); ++a) {
    for (int b = a + 1; b < from.num_nodes(); ++b) {
      if (auto timings = from.node_timings(a, b)) {
        to.set_node_timings(a, b, std::move(timings));
      }
    }
  }
}

std::string nothing_of_the_cluster(const MeasuredProfile& profile) {
  if (profile.gpus.empty()) {
    const HostTiming& timing = profile.between_hosts.front();
    return "between_hosts[0]: the cluster does not have both " + timing.from_host + " and " +
           timing.to_host;
  }
  const GpuMeasurement& gpu = profile.gpus.front();
  return "gpus[0].name: no node of the cluster has a " + gpu.name +
         (gpu.sm_limit == 0 ? "" : " of " + std::to_string(gpu.sm_limit) + " multiprocessors");
}

Cluster with_profile(const Cluster& cluster,
                     const MeasuredProfile& profile,
                     const Catalogue& catalogue) {
  std::vector<GpuType> types = cluster.gpu_types();
  std::vector<Node> nodes = cluster.nodes();
  std::vector<LinkType> link_types = cluster.link_types();
  bool found = false;
  for (std::size_t type = 0; type < types.size(); ++type) {
    const std::vector<GpuMeasurement> gpus = gpus_of_type(profile, types[type], catalogue);
    if (gpus.empty()) {
      continue;
    }
    found = true;
    types[type].efficiency = fit_efficiency(gpus, types[type]);
    types[type].efficiency.source += versions(profile);
    types[type].timings = std::make_shared<const GpuTimings>(gpus, types[type]);
    if (!profile.transfers.empty()) {
      replace_links(profile, static_cast<int>(type), types[type].name, nodes, link_types);
    }
  }
  const std::vector<MeasuredPair> pairs = measured_pairs(cluster, profile);
  if (!found && pairs.empty()) {
    throw InputError(nothing_of_the_cluster(profile));
  }
  Cluster measured(cluster.name(),
                   std::move(types),
                   std::move(link_types),
                   std::move(nodes),
                   node_links_of(cluster, pairs));
  copy_node_timings(cluster, measured);
  for (const MeasuredPair& pair : pairs) {
    measured.set_node_timings(pair.a, pair.b, pair.timings);
  }
  return measured;
}

}  // namespace

Cluster apply_profile(const Cluster& cluster,
                      const MeasuredProfile& profile,
                      const Catalogue& catalogue,
                      const std::string& file) {
  try {
    return with_profile(cluster, profile, catalogue);
  } catch (const InputError& error) {
    throw InputError(file + ": " + error.what());
  }
}

}  // namespace hexgen
