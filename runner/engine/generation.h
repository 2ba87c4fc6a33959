#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "runner/engine/arrival_queue.h"
#include "runner/engine/pipeline_rank.h"
#include "runner/engine/request.h"

namespace hexgen {

/// What became of a request.
struct Generation {
  std::vector<int> prompt;
  std::vector<TokenChoice> choices;                   // of every new token, a stop token included
  std::vector<std::chrono::nanoseconds> token_times;  // of each, since the start
  FinishReason finish_reason = FinishReason::kLength;

  std::vector<int> tokens() const;

  /// From the start, when all requests were given, to the first token.
  double ttft_s() const;

  /// Mean time of the tokens behind the first; 0 when there is none.
  double tpot_s() const;
};

/// Runs the requests, which must have the ids 0, 1, 2, ..., to their ends, on the driver of a
/// pipeline. Calls back for every token as it is drawn.
std::vector<Generation> generate(PipelineRank& driver,
                                 const SchedulerLimits& limits,
                                 const std::vector<GenerationRequest>& requests,
                                 const std::function<void(const TokenEvent&)>& on_token = {});

/// A request and when it comes, since the start.
struct TimedRequest {
  std::chrono::nanoseconds arrival{};
  GenerationRequest request;
};

/// The same with requests, in order of arrival, that come while others run, and are admitted at the
/// next step. `start` may have passed.
std::vector<Generation> replay(PipelineRank& driver,
                               const SchedulerLimits& limits,
                               const std::vector<TimedRequest>& requests,
                               ArrivalQueue::Clock::time_point start);

}  // namespace hexgen
