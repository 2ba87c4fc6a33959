#include "runner/cli/run_requests.h"

#include <algorithm>
#include <numeric>
#include <thread>

#include "cost_models/weighted_turns.h"
#include "kernels/kv_cache.h"
#include "profiles/errors.h"

namespace hexgen {
namespace {

/// The requests of one pipeline, and which they were.
struct Share {
  std::vector<GenerationRequest> requests;  // with ids 0, 1, 2, ...
  std::vector<std::size_t> indices;         // in the list of all
  std::vector<Generation> generations;
  std::exception_ptr error;
};

void check_request(const GenerationRequest& request, const ModelSpec& model) {
  const std::string name = "prompt " + std::to_string(request.id);
  for (const int token : request.prompt) {
    if (token < 0 || token >= model.vocab_size) {
      throw InputError(name + ": token " + std::to_string(token) + ", expected 0 to " +
                       std::to_string(model.vocab_size - 1));
    }
  }
  const int tokens = request.prompt_tokens() + request.max_new_tokens;
  if (model.max_context_tokens > 0 && tokens > model.max_context_tokens) {
    throw InputError(name + ": " + std::to_string(request.prompt_tokens()) + " tokens and " +
                     std::to_string(request.max_new_tokens) +
                     " new ones are more than the model's context of " +
                     std::to_string(model.max_context_tokens));
  }
}

std::vector<Share> divide(const std::vector<GenerationRequest>& requests,
                          const std::vector<PipelineGroup>& pipelines) {
  std::vector<Share> shares(pipelines.size());
  WeightedTurns turns(weights_of(pipelines));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Share& share = shares[static_cast<std::size_t>(turns.next([](std::size_t) { return true; }))];
    share.requests.push_back(requests[i]);
    share.requests.back().id = share.indices.size();
    share.indices.push_back(i);
  }
  return shares;
}

void run_share(const PipelineRunner& runner,
               const PipelineSetup& setup,
               const std::function<void(const TokenEvent&)>& on_token,
               Share& share) {
  const auto with_index = [&](TokenEvent event) {
    event.request = share.indices[event.request];
    on_token(event);
  };
  try {
    runner.run(setup, [&](PipelineRank& driver) {
      share.generations = generate(driver, setup.limits, share.requests, with_index);
    });
  } catch (...) {
    share.error = std::current_exception();
  }
}

}  // namespace

std::optional<std::size_t> pipeline_index(const std::vector<PipelineGroup>& pipelines,
                                          const std::string& name) {
  const auto found =
      std::find_if(pipelines.begin(), pipelines.end(), [&](const PipelineGroup& pipeline) {
        return pipeline.name == name;
      });
  if (found == pipelines.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - pipelines.begin());
}

std::vector<double> weights_of(const std::vector<PipelineGroup>& pipelines) {
  std::vector<double> weights;
  for (const PipelineGroup& pipeline : pipelines) {
    weights.push_back(pipeline.weight);
  }
  return weights;
}

bool kv_cache_holds(const PipelineGroup& pipeline, int tokens) {
  return pipeline.kv_capacity_tokens == 0 ||
         kv_blocks_for(tokens) <= pipeline.kv_capacity_tokens / kernels::kKvBlockTokens;
}

void check_requests(const std::vector<GenerationRequest>& requests, const ModelSpec& model) {
  for (const GenerationRequest& request : requests) {
    check_request(request, model);
  }
}

PipelineSetup pipeline_setup(const RunTarget& target,
                             const PipelineGroup& pipeline,
                             int prefill_chunk_tokens,
                             const std::vector<GenerationRequest>& requests) {
  const int needed = std::accumulate(
      requests.begin(), requests.end(), 0, [](int sum, const GenerationRequest& request) {
        return sum + kv_blocks_for(request.kv_tokens());
      });
  const std::int64_t planned = pipeline.kv_capacity_tokens / kernels::kKvBlockTokens;
  const bool limited = pipeline.kv_capacity_tokens > 0 && planned < needed;
  return {.model = target.model,
          .pipeline = pipeline,
          .cluster = target.cluster,
          .limits = {.kv_blocks = limited ? static_cast<int>(planned) : needed,
                     .max_requests = pipeline.max_batch,
                     .max_batch_tokens = prefill_chunk_tokens,
                     .micro_batches = static_cast<int>(pipeline.stages.size())},
          .weights = target.weights.get()};
}

std::vector<Generation> run_requests(const RunTarget& target,
                                     const PipelineRunner& runner,
                                     int prefill_chunk_tokens,
                                     const std::vector<GenerationRequest>& requests,
                                     const std::function<void(const TokenEvent&)>& on_token) {
  check_requests(requests, target.model);
  const std::vector<PipelineGroup>& pipelines = target.plan.pipelines();
  std::vector<Share> shares = divide(requests, pipelines);
  std::vector<std::thread> threads;
  for (std::size_t p = 0; p < pipelines.size(); ++p) {
    if (!shares[p].requests.empty()) {
      threads.emplace_back([&, p] {
        const PipelineSetup setup =
            pipeline_setup(target, pipelines[p], prefill_chunk_tokens, shares[p].requests);
        run_share(runner, setup, on_token, shares[p]);
      });
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::vector<Generation> generations(runner.drives() ? requests.size() : 0);
  for (Share& share : shares) {
    if (share.error) {
      std::rethrow_exception(share.error);
    }
    for (std::size_t i = 0; i < share.generations.size(); ++i) {
      generations[share.indices[i]] = std::move(share.generations[i]);
    }
  }
  return generations;
}

}  // namespace hexgen
