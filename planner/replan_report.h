#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "cost_models/plan_json.h"
#include "planner/replanning.h"

namespace hexgen {

/// How requests fare under one plan; none where nothing serves.
using ServiceForecast = std::optional<PlanPrediction>;

/// What is reported of a re-planning.
struct ReplanReport {
  const PlanFile& file;  // the new plan
  const ClusterChange& change;
  const Replanned& replanned;
  ServiceForecast before;
  ServiceForecast during;  // while changed and new pipelines load
  ServiceForecast after;
};

/// For a person: what happens to the pipelines, what devices load, how long it takes, how requests
/// fare.
void print_replan(const ReplanReport& report, std::ostream& out);

/// The same for programs: "hexgen.replan/1".
std::string replan_json(const ReplanReport& report);

}  // namespace hexgen
