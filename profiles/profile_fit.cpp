#include "profiles/profile_fit.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "profiles/errors.h"

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

/// Alpha-beta of the slowest pair, by the time of 1 MB.
Link fit_slowest_pair(const std::vector<TransferTiming>& transfers) {
  std::map<std::pair<int, int>, std::vector<LinearSample>> pairs;
  for (const TransferTiming& transfer : transfers) {
    if (transfer.carrier.chosen) {
      pairs[{transfer.from, transfer.to}].push_back({1, transfer.bytes, transfer.time.median_s});
    }
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
    if (!all_reduce.carrier.chosen) {
      continue;
    }
    const double n = all_reduce.tp_degree;
    samples.push_back({all_reduce_latency_steps(all_reduce.tp_degree),
                       2 * (n - 1) / n * all_reduce.bytes,
                       all_reduce.time.median_s});
  }
  return fit_line(samples, "the all-reduces");
}

/// Overhead and seconds a unit of size of one kind of timing on all GPUs.
template <typename Timings, typename Size>
LinearFit fit_by_size(const std::vector<GpuMeasurement>& gpus,
                      Timings GpuMeasurement::*timings,
                      Size size,
                      const char* what) {
  std::vector<LinearSample> samples;
  for (const GpuMeasurement& gpu : gpus) {
    for (const auto& timing : gpu.*timings) {
      samples.push_back({1, static_cast<double>(std::invoke(size, timing)), timing.time.median_s});
    }
  }
  return fit_line(samples, what);
}

bool have_elementwise(const std::vector<GpuMeasurement>& gpus) {
  return !gpus.front().elementwise.empty();
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
  return fit_by_size(
      gpus, &GpuMeasurement::attention, &AttentionTiming::kv_bytes, "decode attention");
}

LinearFit fit_elementwise(const std::vector<GpuMeasurement>& gpus) {
  return fit_by_size(
      gpus, &GpuMeasurement::elementwise, &ElementwiseTiming::bytes, "norms, RoPE and activation");
}

LinearFit fit_prefill_attention(const std::vector<GpuMeasurement>& gpus) {
  return fit_by_size(gpus,
                     &GpuMeasurement::prefill_attention,
                     &PrefillAttentionTiming::flops,
                     "prefill attention");
}

GpuEfficiency fit_efficiency(const std::vector<GpuMeasurement>& gpus, const GpuType& type) {
  constexpr double kGemms = 4;               // a layer
  constexpr double kElementwiseKernels = 4;  // a layer
  const auto fraction = [](double reached, double of) { return std::min(reached / of, 1.0); };
  const LinearFit weights = fit_weight_reads(gpus);
  const LinearFit attention = fit_attention(gpus);
  const double bandwidth = type.memory_bandwidth_bytes_per_s;
  GpuEfficiency efficiency = type.efficiency;
  efficiency.memory_fraction = fraction(1 / weights.variable, bandwidth);
  efficiency.attention_fraction = fraction(1 / attention.variable, bandwidth);
  efficiency.compute_fraction = fraction(large_gemm_flops_per_s(gpus), type.dense_flops_per_s);
  efficiency.layer_overhead_s =
      kGemms * weights.fixed + attention.fixed +
      (have_elementwise(gpus) ? fit_elementwise(gpus).fixed
                              : kElementwiseKernels * mean_graph_launch_s(gpus));
  if (!gpus.front().steps.empty()) {
    efficiency.step_overhead_s =
        fit_by_size(gpus, &GpuMeasurement::steps, &StepTiming::layers, "steps").fixed;
  }
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
  link.all_reduce_fraction =
      std::min(1 / all_reduce.variable / link.link.bandwidth_bytes_per_s, 1.0);
  link.origin = "measured";
  link.source = "hexgen-plan profile on " + profile.gpus.front().name;
  return link;
}

}  // namespace hexgen
