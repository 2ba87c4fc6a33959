#include "planner/explain_command.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "planner/explain_report.h"
#include "planner/interrupt.h"
#include "planner/plan_commands.h"
#include "planner/planning_inputs.h"

namespace hexgen {

ExplainOptions::ExplainOptions() {
  search.population = 12;
  search.generations = 3;
}

void add_explain_options(CLI::App& app, ExplainOptions& options) {
  app.add_option("plan", options.plan, "Plan file")->required();
  app.add_flag("--json", options.search.json, "Print it as JSON");
  add_machine_profiles(app, options.search.profiles);
  add_shared_search_options(app, options.search);
}

void run_explain(const ExplainOptions& options) {
  const PlanFile file = with_machine_profiles(read_plan(options.plan), options.search.profiles);
  const PlanningRequest request = planning_request(
      options.search, file.model, file.cluster, load_workload_file(options.search.workload));
  const Explanation explanation =
      explain(file.plan, request, search_settings(options.search), catch_interrupt());
  const std::string objective = objective_name(options.search.objective);
  if (options.search.json) {
    std::cout << explanation_json(file, explanation, objective);
  } else {
    print_explanation(file, explanation, objective, std::cout);
  }
}

}  // namespace hexgen
