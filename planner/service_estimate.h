#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "cost_models/memory.h"
#include "cost_models/stage_cost.h"
#include "simulator/simulation.h"

namespace hexgen {

/// Which layouts a pipeline may have.
enum class LayoutRule {
  kFree,
  kSymmetric,    // one TP degree, and layers that differ by at most one
  kUniform,      // those of the released optimizer: planner/baselines.h
  kProportional  // layers in proportion to memory: planner/baselines.h
};

/// What pipelines are made for: one request that stands for the workload, and its limits.
struct ServiceTarget {
  double prompt_tokens = 128;       // mean of the workload
  double output_tokens = 64;        // mean of the workload
  double tail_prompt_tokens = 128;  // 99 % of the prompts are no longer
  std::int64_t longest_request_tokens = 192;
  std::optional<double> ttft_s;
  std::optional<double> tpot_s;
  double e2e_s = std::numeric_limits<double>::infinity();
  SimulationOptions simulation;  // the batching policy
  int max_batch = 256;           // at most so many requests in flight a pipeline
  MemoryPolicy memory;
  LayoutRule layouts = LayoutRule::kFree;
  std::vector<int> tp_degrees;  // that stages may have; empty: any
  LayerTables tables;           // measured times, where there are some
};

/// How one pipeline is expected to do with a number of requests in flight, without simulation.
struct ServiceEstimate {
  double request_s = 0;       // from start to last token of a mean request
  double first_token_s = 0;   // that 99 % of the requests wait at most
  double token_s = 0;         // between two tokens
  double capacity_per_s = 0;  // requests

  /// Of the target's TTFT and TPOT.
  bool meets(const ServiceTarget& target) const;
};

/// Estimate with `batch` mean requests in flight. One batch: they prefill and decode together; the
/// first token is that of a mean request.
/// Continuous: they decode in as many micro-batches as there are stages, and the slowest stage or
/// the way through all stages sets the pace. While a request decodes, every other one in flight
/// prefills once, n of them in the time of a step. A micro-batch behind a prefill follows it
/// through all stages, so it loses a whole pass. Prefills that are under way together queue for the
/// slowest stage and share the rest of the pass: a step loses n times the slowest stage's time and
/// n / (1 + n / 2) times the others' (the 2 is fitted: docs/SEARCH.md). The first token waits for
/// the long prompt's chunks, and behind a mean prompt with the probability that its micro-batch
/// prefills.
ServiceEstimate estimate_service(const std::vector<StageCost>& stages,
                                 const ServiceTarget& target,
                                 int batch);

}  // namespace hexgen
