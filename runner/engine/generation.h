#pragma once

#include <functional>
#include <vector>

#include "runner/engine/pipeline_rank.h"
#include "runner/engine/request.h"

namespace hexgen {

/// What became of a request.
struct Generation {
  std::vector<int> prompt;
  std::vector<TokenChoice> choices;  // of every new token, a stop token included
  FinishReason finish_reason = FinishReason::kLength;
  double first_token_s = 0;  // since all requests were given
  double last_token_s = 0;

  std::vector<int> tokens() const;

  /// Mean time of the tokens behind the first; 0 when there is none.
  double tpot_s() const;
};

/// Runs the requests, which must have the ids 0, 1, 2, ..., to their ends, on the driver of a
/// pipeline. Calls back for every token as it is drawn.
std::vector<Generation> generate(PipelineRank& driver,
                                 const SchedulerLimits& limits,
                                 const std::vector<GenerationRequest>& requests,
                                 const std::function<void(const TokenEvent&)>& on_token = {});

}  // namespace hexgen
