#pragma once

#include <memory>
#include <string>

namespace hexgen {

class GpuTimings;

/// What a GPU reaches in practice, kept apart from its data sheet. Fractions are of the data-sheet
/// peaks.
struct GpuEfficiency {
  double memory_fraction = 0.8;     // of memory_bandwidth, in weight-streaming kernels
  double attention_fraction = 0.7;  // of memory_bandwidth, in decode attention reading the KV cache
  double compute_fraction = 0.7;    // of dense_flops, in large GEMMs
  double layer_overhead_s =
      20e-6;  // launches, norms, RoPE, activation of one transformer layer, independent of size
  double step_overhead_s =
      0.0;  // scheduling, sampling and launch of one whole iteration on one stage
  std::string origin = "default";  // "measured", "fitted" or "default"
  std::string source;              // command, data set or reasoning the values came from

  bool operator==(const GpuEfficiency&) const = default;
};

/// One GPU model of the catalogue (profiles/gpus.json) or of a cluster file.
struct GpuType {
  std::string name;                         // e.g. "A100-SXM4-40GB"
  double memory_bytes = 0;                  // as the driver reports it
  double memory_bandwidth_bytes_per_s = 0;  // data sheet
  double dense_flops_per_s = 0;      // fp16/bf16 tensor cores, fp32 accumulation, no sparsity
  double dense_fp8_flops_per_s = 0;  // 0: no fp8 units, fp8 weights are computed at the fp16 rate
  int compute_capability = 0;        // 80 for 8.0
  int sm_limit = 0;  // multiprocessors that the runner uses, to emulate a weaker card; 0: all
  GpuEfficiency efficiency;
  std::shared_ptr<const GpuTimings> timings;  // null: not measured, `efficiency` is all there is

  bool operator==(const GpuType&) const = default;
};

}  // namespace hexgen
