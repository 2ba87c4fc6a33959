#pragma once

#include <string>
#include <vector>

#include "simulator/cli/edits.h"
#include "simulator/cli/options.h"
#include "simulator/report.h"

namespace hexgen {

/// With the edits of "workload", which options override. Throws InputError as load_requests() does
/// without edits, and for edits that lead nowhere.
LoadedRequests load_requests(const RequestOptions& options, std::int64_t seed, const Edits& edits);

/// The edits of --set.
Edits parse_edits(const WhatIf& what_if);

/// With the edits of "engine", which override the options, and the horizon. Throws InputError.
SimulationOptions simulation_options(EngineOptions options,
                                     const WhatIf& what_if,
                                     const Edits& edits);

/// "0.5,1,2" or "0.5:4:8" (8 values from 0.5 to 4, evenly spaced), all above 0. `name` is what
/// errors call it. Throws InputError.
std::vector<double> parse_numbers(const std::string& text, const std::string& name);

}  // namespace hexgen
