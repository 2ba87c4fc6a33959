#pragma once

#include <string>

#include "cost_models/plan_json.h"
#include "simulator/report.h"

namespace hexgen::html {

/// The plan as boxes: for every pipeline its stages with GPUs, place, layers and how busy they
/// were, the links between them, and what held it back, marked in the map.
std::string plan_map(const RunReport& report, const PlanFile& file);

/// The figures of every stage as a table.
std::string stage_table(const RunReport& report, const PlanFile& file);

}  // namespace hexgen::html
