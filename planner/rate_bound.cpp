#include "planner/rate_bound.h"

#include <algorithm>

#include "planner/plan_evaluator.h"
#include "planner/throughput_bound.h"

namespace hexgen {
namespace {

double mean_time_allowed_s(const LoadTest& load_test) {
  double sum = 0;
  for (const RequestSpec& request : load_test.requests()) {
    sum += load_test.level().time_allowed_s(request.prompt_tokens, request.output_tokens);
  }
  return sum / static_cast<double>(load_test.requests().size());
}

}  // namespace

double rate_bound_per_s(const ModelSpec& model,
                        const SearchSpace& space,
                        const LoadTest& load_test,
                        ServiceTerms terms,
                        bool in_time) {
  double bound = throughput_bound(model, space, terms);
  const double allowed_s = mean_time_allowed_s(load_test);
  if (in_time && allowed_s > 0) {
    terms.time_allowed_s = allowed_s;
    bound = std::min(bound, throughput_bound(model, space, terms) / kTargetAttainment);
  }
  const auto drawn = static_cast<double>(load_test.requests().size());
  const double drawn_s = load_test.requests().back().arrival_s;
  const double slowness = std::max(1.0, load_test.rate_per_s() * drawn_s / drawn);
  return bound * slowness;
}

}  // namespace hexgen
