#pragma once

#include <string>

#include "cost_models/plan_json.h"
#include "simulator/sweep_report.h"

namespace hexgen::html {

/// A sweep as one self-contained HTML document. Its figures are those of the sweep's JSON.
std::string sweep_page(const SweepReport& report, const PlanFile& file);

}  // namespace hexgen::html
