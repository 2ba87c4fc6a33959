#pragma once

#include <iosfwd>
#include <optional>

#include "cost_models/plan_json.h"

namespace hexgen {

/// The request whose times are shown.
struct SampleRequest {
  double prompt_tokens = 512;
  double output_tokens = 128;
};

/// How far the goodput is below the upper bound, as a share of the bound; none when either is not
/// known.
std::optional<double> gap_to_bound(const PlanPrediction& predicted);

/// Explains a plan to a person, at most 120 columns wide: for every pipeline where its stages are,
/// what they hold, how long they take and why; the stage that limits time or KV and the slowest
/// link are marked. Ends with the origin of the constants behind the times.
void describe_plan(const PlanFile& file, const SampleRequest& request, std::ostream& out);

}  // namespace hexgen
