#pragma once

#include <string>
#include <vector>

#include "cost_models/plan_json.h"

namespace CLI {
class App;
}

namespace hexgen {

/// What `hexgen-plan check` and `hexgen-plan show` were asked on the command line.
struct PlanFileOptions {
  std::vector<std::string> plans;  // show: one
  std::string cluster;             // empty: the plan's own
  std::string model;               // empty: the plan's own
  std::vector<std::string> profiles;
  double prompt_tokens = 512;
  double output_tokens = 128;
};

/// The plan over its cluster with the measured profiles of machines. Throws InputError, for layer
/// profiles too.
PlanFile with_machine_profiles(PlanFile file, const std::vector<std::string>& paths);

/// Declares --profile.
void add_machine_profiles(CLI::App& app, std::vector<std::string>& paths);

void add_check_options(CLI::App& app, PlanFileOptions& options);
void add_show_options(CLI::App& app, PlanFileOptions& options);

/// Throws InputError for a plan that is broken or made for something else, and for plans that use
/// the same device; InfeasibleError for one that does not fit.
void run_check(const PlanFileOptions& options);
void run_show(const PlanFileOptions& options);

}  // namespace hexgen
