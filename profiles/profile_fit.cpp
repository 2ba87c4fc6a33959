#include "profiles/profile_fit.h"

#include <algorithm>
#include <map>
#include <utility>

#include "profiles/errors.h"
#include "profiles/timings.h"

namespace hexgen {
namespace {

double large_gemm_flops_per_s(const std::vector<GpuMeasurement>& gpus) {
  constexpr int kPrefillRows = 2048;
  double flops = 0;
  double time_s = 0;
  for (const GpuMeasurement& gpu : gpus) {
    for (const GemmTiming& gemm : gpu.gemms) {
      if (gemm.rows >= kPrefillRows) {
        flops += gemm.flops();
        time_s += gemm.time.median_s;
      }
    }
  }
  if (time_s == 0) {
    throw InputError("there is no GEMM of 2048 rows or more");
  }
  return flops / time_s;
}

double mean_graph_launch_s(const std::vector<GpuMeasurement>& gpus) {
  double sum = 0;
  for (const GpuMeasurement& gpu : gpus) {
    sum += gpu.graph_launch.median_s;
  }
  return sum / static_cast<double>(gpus.size());
}

std::string versions(const MeasuredProfile& profile) {
  return "driver " + profile.driver + ", CUDA " + profile.cuda_runtime + ", NCCL " + profile.nccl;
}

/// Alpha-beta of the slowest pair, by the time of 1 MB.
Link fit_slowest_pair(const std::vector<TransferTiming>& transfers) {
  std::map<std::pair<int, int>, std::vector<LinearSample>> pairs;
  for (const TransferTiming& transfer : transfers) {
    pairs[{transfer.from, transfer.to}].push_back({1, transfer.bytes, transfer.time.median_s});
  }
  Link slowest;
  for (const auto& [pair, samples] : pairs) {
    const LinearFit send = fit_line(samples,
                                    "the transfers from GPU " + std::to_string(pair.first) +
                                        " to " + std::to_string(pair.second));
    const Link link = {.latency_s = send.fixed, .bandwidth_bytes_per_s = 1 / send.variable};
    if (slowest.bandwidth_bytes_per_s == 0 || link.transfer_s(1e6) > slowest.transfer_s(1e6)) {
      slowest = link;
    }
  }
  return slowest;
}

LinearFit fit_all_reduces(const std::vector<AllReduceTiming>& all_reduces) {
  std::vector<LinearSample> samples;
  for (const AllReduceTiming& all_reduce : all_reduces) {
    const double n = all_reduce.tp_degree;
    samples.push_back({all_reduce_latency_steps(all_reduce.tp_degree),
                       2 * (n - 1) / n * all_reduce.bytes,
                       all_reduce.time.median_s});
  }
  return fit_line(samples, "the all-reduces");
}

bool same_type(const GpuType& type, const std::string& driver_name, const Catalogue& catalogue) {
  const CatalogueGpu* known = catalogue.find_gpu(driver_name);
  return type.name == (known == nullptr ? driver_name : known->type.name);
}

std::vector<GpuMeasurement> gpus_of_type(const MeasuredProfile& profile,
                                         const GpuType& type,
                                         const Catalogue& catalogue) {
  std::vector<GpuMeasurement> gpus;
  std::copy_if(profile.gpus.begin(),
               profile.gpus.end(),
               std::back_inserter(gpus),
               [&](const GpuMeasurement& gpu) { return same_type(type, gpu.name, catalogue); });
  return gpus;
}

std::vector<Link> node_links_of(const Cluster& cluster) {
  std::vector<Link> links;
  for (int from = 0; from < cluster.num_nodes(); ++from) {
    for (int to = 0; to < cluster.num_nodes(); ++to) {
      links.push_back(cluster.node_link(from, to));
    }
  }
  return links;
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

}  // namespace

LinearFit fit_weight_reads(const std::vector<GpuMeasurement>& gpus) {
  constexpr int kDecodeRows = 16;
  std::vector<LinearSample> samples;
  for (const GpuMeasurement& gpu : gpus) {
    for (const GemmTiming& gemm : gpu.gemms) {
      if (gemm.rows <= kDecodeRows) {
        samples.push_back({1, gemm.weight_bytes(), gemm.time.median_s});
      }
    }
  }
  return fit_line(samples, "GEMMs of few rows");
}

LinearFit fit_attention(const std::vector<GpuMeasurement>& gpus) {
  std::vector<LinearSample> samples;
  for (const GpuMeasurement& gpu : gpus) {
    for (const AttentionTiming& attention : gpu.attention) {
      samples.push_back({1, attention.kv_bytes(), attention.time.median_s});
    }
  }
  return fit_line(samples, "decode attention");
}

GpuEfficiency fit_efficiency(const std::vector<GpuMeasurement>& gpus, const GpuType& type) {
  constexpr double kGemms = 4;               // a layer
  constexpr double kElementwiseKernels = 4;  // a layer
  const LinearFit weights = fit_weight_reads(gpus);
  const LinearFit attention = fit_attention(gpus);
  GpuEfficiency efficiency = type.efficiency;
  efficiency.memory_fraction = 1 / weights.variable / type.memory_bandwidth_bytes_per_s;
  efficiency.attention_fraction = 1 / attention.variable / type.memory_bandwidth_bytes_per_s;
  efficiency.compute_fraction = large_gemm_flops_per_s(gpus) / type.dense_flops_per_s;
  efficiency.layer_overhead_s =
      kGemms * weights.fixed + attention.fixed + kElementwiseKernels * mean_graph_launch_s(gpus);
  efficiency.origin = "measured";
  efficiency.source = "hexgen-plan profile on " + gpus.front().name;
  return efficiency;
}

LinkType fit_link(const MeasuredProfile& profile, const LinkType& base) {
  if (profile.transfers.empty() || profile.all_reduces.empty()) {
    throw InputError("there are no transfers or no all-reduces");
  }
  const LinearFit all_reduce = fit_all_reduces(profile.all_reduces);
  LinkType link = base;
  link.link = fit_slowest_pair(profile.transfers);
  link.all_reduce_latency_s = all_reduce.fixed;
  link.all_reduce_fraction = 1 / all_reduce.variable / link.link.bandwidth_bytes_per_s;
  link.origin = "measured";
  link.source = "hexgen-plan profile on " + profile.gpus.front().name + ", " + versions(profile);
  return link;
}

namespace {

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
    types[type].efficiency.source += ", " + versions(profile);
    types[type].timings = std::make_shared<const GpuTimings>(gpus, types[type]);
    if (!profile.transfers.empty()) {
      replace_links(profile, static_cast<int>(type), types[type].name, nodes, link_types);
    }
  }
  if (!found) {
    throw InputError("gpus[0].name: no node of the cluster has a " + profile.gpus.front().name);
  }
  return {cluster.name(),
          std::move(types),
          std::move(link_types),
          std::move(nodes),
          node_links_of(cluster)};
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
