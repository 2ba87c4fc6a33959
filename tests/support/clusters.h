#pragma once

#include <string>
#include <vector>

#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "profiles/units.h"

// Small inputs with round numbers, so that expectations can be worked out by hand.
namespace hexgen::test {

/// 1 TB/s, 100 TFLOP/s, reaching all of it, without overheads.
inline GpuType round_gpu(const std::string& name, double memory_gb) {
  return {.name = name,
          .memory_bytes = memory_gb * kGiga,
          .memory_bandwidth_bytes_per_s = 1.0 * kTera,
          .dense_flops_per_s = 100.0 * kTera,
          .efficiency = {.memory_fraction = 1.0,
                         .attention_fraction = 1.0,
                         .compute_fraction = 1.0,
                         .layer_overhead_s = 0.0}};
}

/// Nodes n0, n1, ... in one region; device counts and GPU types as given; 100 GB/s and 10 us inside
/// a node, 1 GB/s and 1 ms between nodes.
inline Cluster round_cluster(std::vector<GpuType> types,
                             const std::vector<std::pair<int, int>>& type_and_gpus) {
  std::vector<Node> nodes;
  for (const auto& [type, gpus] : type_and_gpus) {
    nodes.push_back({.name = "n" + std::to_string(nodes.size()),
                     .region = "here",
                     .gpu_type = type,
                     .gpus = gpus,
                     .price_per_hour = 1.0 * gpus});
  }
  const LinkType inside = {.name = "round",
                           .link = {.latency_s = 10 * kMicro, .bandwidth_bytes_per_s = 100 * kGiga},
                           .all_reduce_latency_s = 10 * kMicro};
  const Link between = {.latency_s = 1 * kMilli, .bandwidth_bytes_per_s = 1 * kGiga};
  return {"round",
          std::move(types),
          {inside},
          std::move(nodes),
          std::vector<Link>(type_and_gpus.size() * type_and_gpus.size(), between)};
}

/// 8 layers, hidden 1000, 10 heads of 100, 5 KV heads, FFN 4000, vocabulary 10,000, fp16.
inline ModelSpec round_model() {
  return {.name = "round",
          .num_layers = 8,
          .hidden_dim = 1000,
          .ffn_dim = 4000,
          .num_heads = 10,
          .num_kv_heads = 5,
          .head_dim = 100,
          .vocab_size = 10000};
}

}  // namespace hexgen::test
