#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runner/cli/pipeline_runner.h"
#include "runner/cli/run_target.h"
#include "runner/engine/generation.h"

namespace hexgen {

/// The pipeline with this name.
std::optional<std::size_t> pipeline_index(const std::vector<PipelineGroup>& pipelines,
                                          const std::string& name);

std::vector<double> weights_of(const std::vector<PipelineGroup>& pipelines);

/// The pipeline's KV cache, as the plan sizes it, has room for a sequence of so many tokens.
bool kv_cache_holds(const PipelineGroup& pipeline, int tokens);

/// Throws InputError for a request beyond the model's context or vocabulary.
void check_requests(const std::vector<GenerationRequest>& requests, const ModelSpec& model);

/// A pipeline of the target as it runs `requests`: with the plan's limits, and no more KV cache
/// than they need together.
PipelineSetup pipeline_setup(const RunTarget& target,
                             const PipelineGroup& pipeline,
                             int prefill_chunk_tokens,
                             const std::vector<GenerationRequest>& requests);

/// Runs the requests on the pipelines, which take them in turns by their weights, all at the same
/// time; results in the order of the requests, none where `runner` does not drive. Throws as
/// check_requests(). `on_token` is called from the pipelines' threads, with the index of the
/// request.
std::vector<Generation> run_requests(const RunTarget& target,
                                     const PipelineRunner& runner,
                                     int prefill_chunk_tokens,
                                     const std::vector<GenerationRequest>& requests,
                                     const std::function<void(const TokenEvent&)>& on_token);

}  // namespace hexgen
