#pragma once

#include <string>

#include "cost_models/plan_json.h"
#include "simulator/latency_curves.h"
#include "simulator/report.h"

namespace hexgen::html {

/// A run as one self-contained HTML document. Its figures are those of the report's JSON.
std::string run_page(const RunReport& report, const LatencyCurves& curves, const PlanFile& file);

/// What is to be said of the SLO, of saturation and of rejected requests, before any number.
std::string verdicts(const Metrics& metrics, const Slo& slo);

}  // namespace hexgen::html
