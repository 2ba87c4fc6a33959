#pragma once

#include <optional>
#include <string>
#include <vector>

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

/// What `--slo` gives, in place of the workload's limits; its reference deployment is kept. Each
/// text is a limit in ms by vLLM's names (`ttft:2000`, `tpot:200`, `e2el:10000`), a multiple of the
/// reference latency (`scale:5`), or the limits of an MLPerf Inference server scenario
/// (`mlperf:llama2-70b`). Throws InputError naming the text.
Slo parse_slo(const std::vector<std::string>& texts, const Slo& of_workload);

}  // namespace hexgen
