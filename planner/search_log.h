#pragma once

#include <string>

#include "planner/search.h"

namespace hexgen {

/// One line of the search log (JSON Lines): `{"generation": 3, "best": 1.97, "tie_break": -0.9,
/// "mean": 1.4, "evaluations": 251, "feasible_share": 1.0}`, with "elapsed_s" when asked for.
std::string search_log_line(const GenerationReport& report, bool with_time);

}  // namespace hexgen
