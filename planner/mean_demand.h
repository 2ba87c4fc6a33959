#pragma once

#include <vector>

#include "profiles/workload.h"

namespace hexgen {

/// What the requests of a workload ask of a pipeline on average.
struct MeanDemand {
  double prompt_tokens = 0;
  double output_tokens = 0;
  double prefill_pairs = 0;    // (query, key) pairs under the causal mask
  double decode_context = 0;   // tokens that all decode steps of a request read, summed
  double shortest_prompt = 0;  // tokens, of any request
};

MeanDemand mean_demand(const std::vector<RequestSpec>& requests);

}  // namespace hexgen
