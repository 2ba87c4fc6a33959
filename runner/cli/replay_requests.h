#pragma once

#include <vector>

#include "cost_models/request_outcome.h"
#include "profiles/workload.h"
#include "runner/cli/pipeline_runner.h"
#include "runner/cli/run_target.h"

namespace hexgen {

/// A request that a replay runs or rejects.
struct ReplayRequest {
  std::size_t index = 0;  // among the requests of all pipelines
  RequestOutcome outcome;
  std::vector<double> token_gaps_s;
};

/// Sends requests to the pipelines of the whole plan by their weights, in the turns that hexgen-sim
/// takes, and returns those of the target's pipelines, in order of arrival. `outcome.replica`
/// counts `target.all_pipelines`. What is longer than the model's context or than the KV cache of
/// every pipeline is rejected, and returned where the target has the plan's first pipeline.
std::vector<ReplayRequest> route_requests(const RunTarget& target,
                                          const std::vector<RequestSpec>& requests);

/// Runs the requests that are not rejected, each from its arrival on and to exactly its output
/// tokens, on prompts of random tokens. The clock starts when all pipelines are loaded and warm.
/// Fills in the outcomes where `runner` drives.
void replay_requests(const RunTarget& target,
                     const PipelineRunner& runner,
                     int prefill_chunk_tokens,
                     std::vector<ReplayRequest>& requests);

}  // namespace hexgen
