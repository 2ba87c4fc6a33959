#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace hexgen {

/// What `hexgen-plan check` and `hexgen-plan show` were asked on the command line.
struct PlanFileOptions {
  std::vector<std::string> plans;  // show: one
  std::string cluster;             // empty: the plan's own
  std::string model;               // empty: the plan's own
  double prompt_tokens = 512;
  double output_tokens = 128;
};

void add_check_options(CLI::App& app, PlanFileOptions& options);
void add_show_options(CLI::App& app, PlanFileOptions& options);

/// Throws InputError for a plan that is broken or made for something else, and for plans that use
/// the same device; InfeasibleError for one that does not fit.
void run_check(const PlanFileOptions& options);
void run_show(const PlanFileOptions& options);

}  // namespace hexgen
