#pragma once

#include <optional>
#include <string>

namespace hexgen {

/// The deployment whose latency is the unit of the SLO scale: one replica, alone, unloaded.
struct ReferenceDeployment {
  std::string gpu_type = "A100-SXM4-40GB";
  int tp_degree = 8;
  int num_stages = 1;
};

/// Limits a request must meet, all of them, to count as served well. TPOT is one number a request:
/// (last token time - first token time) / (output_tokens - 1).
struct Slo {
  std::optional<double> ttft_s;
  std::optional<double> tpot_s;
  std::optional<double> e2e_s;
  /// E2E limit as a multiple of the latency that the same request has, alone, on the reference
  /// deployment.
  std::optional<double> scale;
  ReferenceDeployment reference;
};

}  // namespace hexgen
