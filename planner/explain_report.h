#pragma once

#include <iosfwd>
#include <string>

#include "cost_models/plan_json.h"
#include "planner/explanation.h"

namespace hexgen {

/// For a person: what binds in every pipeline, what one more GPU is worth, what the runner-up was.
/// `objective` names the score's.
void print_explanation(const PlanFile& file,
                       const Explanation& explanation,
                       const std::string& objective,
                       std::ostream& out);

/// The same for programs: "hexgen.explanation/1".
std::string explanation_json(const PlanFile& file,
                             const Explanation& explanation,
                             const std::string& objective);

}  // namespace hexgen
