#pragma once

#include <algorithm>

#include "profiles/measured_profile.h"

// A profile whose timings follow known constants exactly, so that a fit must find them.
namespace hexgen::test {

struct SyntheticGpu {
  double gemm_overhead_s = 3e-6;
  double weight_bytes_per_s = 0.8e12;
  double flops_per_s = 60e12;
  double attention_overhead_s = 8e-6;
  double kv_bytes_per_s = 0.5e12;
  double graph_launch_s = 1e-6;
};

inline Timing exactly(double seconds) {
  return {seconds, seconds, seconds};
}

inline GpuMeasurement synthetic_gpu(const std::string& name, const SyntheticGpu& gpu) {
  GpuMeasurement measurement = {.name = name,
                                .compute_capability = 90,
                                .multiprocessors = 100,
                                .memory_bytes = 80e9,
                                .usable_memory_bytes = 79e9,
                                .l2_bytes = 50e6,
                                .launch = exactly(4e-6),
                                .graph_launch = exactly(gpu.graph_launch_s),
                                .reads = {{1e9, exactly(1e-3)}}};
  for (const int columns : {1024, 4096, 16384}) {
    for (const int rows : {1, 16, 2048, 4096}) {
      GemmTiming gemm = {.rows = rows, .inner_dim = 4096, .columns = columns};
      const double weights_s = gpu.gemm_overhead_s + gemm.weight_bytes() / gpu.weight_bytes_per_s;
      gemm.time = exactly(rows <= 16 ? weights_s : gemm.flops() / gpu.flops_per_s);
      measurement.gemms.push_back(gemm);
    }
  }
  for (const int context : {512, 2048, 8192}) {
    AttentionTiming attention = {.sequences = 8,
                                 .context_tokens = context,
                                 .num_heads = 32,
                                 .num_kv_heads = 8,
                                 .head_dim = 128};
    attention.time = exactly(gpu.attention_overhead_s + attention.kv_bytes() / gpu.kv_bytes_per_s);
    measurement.attention.push_back(attention);
  }
  return measurement;
}

/// Two GPUs and their links: sends of `send_latency_s` and 200 GB/s, all-reduces by rings of 3 us a
/// step and 150 GB/s.
inline MeasuredProfile synthetic_profile(const std::string& gpu_name, double send_latency_s) {
  MeasuredProfile profile = {.tool = "test",
                             .driver = "1.2",
                             .cuda_driver = "13.0",
                             .cuda_runtime = "13.0",
                             .cublaslt = "13.1.0",
                             .nccl = "2.28.9",
                             .gpus = {synthetic_gpu(gpu_name, {}), synthetic_gpu(gpu_name, {})}};
  profile.gpus[1].index = 1;
  for (const double bytes : {8e3, 1e6, 64e6}) {
    profile.transfers.push_back({0, 1, bytes, exactly(send_latency_s + bytes / 200e9)});
    for (const int n : {2, 3, 4}) {
      const double latency_s = (n == 2 ? 2 : 4) * 3e-6;
      const double ring_s = 2 * (n - 1) * bytes / n / 150e9;
      profile.all_reduces.push_back({n, bytes, exactly(latency_s + ring_s)});
    }
  }
  return profile;
}

/// The same with prefill attention of 6 us and 40 TFLOP/s, norms, RoPE and activation of 7 us and
/// 0.4 TB/s, and steps of 50 us and 10 us a layer.
inline MeasuredProfile complete_profile(const std::string& gpu_name) {
  MeasuredProfile profile = synthetic_profile(gpu_name, 10e-6);
  for (GpuMeasurement& gpu : profile.gpus) {
    for (const int tokens : {128, 1024, 4096}) {
      PrefillAttentionTiming prompt = {
          .new_tokens = tokens, .num_heads = 16, .num_kv_heads = 8, .head_dim = 256};
      prompt.time = exactly(6e-6 + prompt.flops() / 40e12);
      gpu.prefill_attention.push_back(prompt);
    }
    for (const int rows : {1, 64, 4096}) {
      ElementwiseTiming layer = {.rows = rows,
                                 .hidden_dim = 4096,
                                 .ffn_dim = 8192,
                                 .num_heads = 16,
                                 .num_kv_heads = 8,
                                 .head_dim = 256};
      layer.time = exactly(7e-6 + layer.bytes() / 0.4e12);
      gpu.elementwise.push_back(layer);
    }
    for (const int layers : {1, 5}) {
      gpu.steps.push_back({layers, exactly(50e-6 + layers * 10e-6)});
    }
  }
  return profile;
}

/// Adds sends of 200 us and 4 GB/s between two hosts, all-reduces of 90 us and 2 GB/s, and messages
/// of 60 us.
inline void add_hosts(MeasuredProfile& profile, const std::string& from, const std::string& to) {
  for (const double bytes : {8e3, 1e6, 64e6}) {
    profile.between_hosts.push_back({from, to, bytes, exactly(200e-6 + bytes / 4e9)});
    profile.all_reduces_between_hosts.push_back({from, to, bytes, exactly(90e-6 + bytes / 2e9)});
  }
  profile.messages.push_back({from, to, 64, exactly(60e-6)});
}

}  // namespace hexgen::test
