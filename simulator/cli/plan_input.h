#pragma once

#include <string>

#include "cost_models/plan_json.h"
#include "simulator/cli/edits.h"
#include "simulator/serving_system.h"
#include "simulator/what_if.h"

namespace hexgen {

/// A plan ready to be played.
struct LoadedPlan {
  PlanInput input;  // the file as it is, whatever is edited
  PlanFile file;    // edited
  ServingSystem system;
};

/// Makes the edits of "cluster" and "pipelines" before the plan is read. Where they change the
/// memory of a pipeline's devices, its kv_capacity_tokens follow, unless they are edited too.
/// Failures and recoveries become the availability of the system. Throws InputError, and
/// InfeasibleError when the edited plan does not fit.
LoadedPlan load_plan(const std::string& path, const WhatIf& what_if, const Edits& edits);

/// Makes the system of the plan file as it is now, with the failures and the network of `what_if`.
void make_system(const WhatIf& what_if, LoadedPlan& loaded);

/// The horizon of the simulation. Throws InputError unless it is above 0.
SimTime horizon(const WhatIf& what_if);

}  // namespace hexgen
