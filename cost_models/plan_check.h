#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cost_models/plan_json.h"
#include "profiles/input_file.h"

namespace hexgen {

/// The plan on another cluster: devices are found again by their names. Throws InputError naming
/// the pipeline, the stage and the device that is not there.
PlanFile with_cluster(PlanFile file, const Cluster& cluster);

/// The plan for another model. Throws InputError when its layers are not those that the plan cuts.
PlanFile with_model(PlanFile file, const InputFile& model);

/// Throws InfeasibleError, as check_memory() does, for the first stage that has no room for its
/// weights and the kv_capacity_tokens that its pipeline claims.
void check_plan(const PlanFile& file);

/// Throws InputError naming the plans, the pipeline, the stage and the device when two plans use
/// one device. `labels`: what errors call the plans.
void check_disjoint(const std::vector<PlanFile>& files, const std::vector<std::string>& labels);

/// One line a pipeline: devices, layers, and the KV tokens claimed and possible.
void report_check(const PlanFile& file, std::ostream& out);

}  // namespace hexgen
