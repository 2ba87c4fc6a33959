#include "planner/mean_demand.h"

#include <algorithm>
#include <limits>

namespace hexgen {

MeanDemand mean_demand(const std::vector<RequestSpec>& requests) {
  MeanDemand sum = {.shortest_prompt = std::numeric_limits<double>::infinity()};
  for (const RequestSpec& request : requests) {
    const double prompt = request.prompt_tokens;
    const double output = request.output_tokens;
    sum.prompt_tokens += prompt;
    sum.output_tokens += output;
    sum.prefill_pairs += prompt * (prompt + 1) / 2;
    sum.decode_context += (output - 1) * (prompt + output / 2);
    sum.shortest_prompt = std::min(sum.shortest_prompt, prompt);
  }
  const auto count = static_cast<double>(requests.size());
  return {.prompt_tokens = sum.prompt_tokens / count,
          .output_tokens = sum.output_tokens / count,
          .prefill_pairs = sum.prefill_pairs / count,
          .decode_context = sum.decode_context / count,
          .shortest_prompt = sum.shortest_prompt};
}

}  // namespace hexgen
