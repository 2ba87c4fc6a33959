#include "planner/plan_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cost_models/plan_check.h"
#include "cost_models/plan_report.h"
#include "profiles/cluster_json.h"

namespace hexgen {

void add_check_options(CLI::App& app, PlanFileOptions& options) {
  app.add_option("plan", options.plan, "Plan file")->required();
  app.add_option("--cluster", options.cluster, "Check it on this cluster (default: the plan's)");
  app.add_option("--model", options.model, "Check it for this model (default: the plan's)");
}

void add_show_options(CLI::App& app, PlanFileOptions& options) {
  app.add_option("plan", options.plan, "Plan file")->required();
  app.add_option("--prompt-tokens", options.prompt_tokens, "Of the request whose times are shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--output-tokens", options.output_tokens, "Of the request whose times are shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void run_check(const PlanFileOptions& options) {
  PlanFile file = read_plan(options.plan);
  if (!options.cluster.empty()) {
    file = with_cluster(std::move(file), read_cluster(options.cluster));
  }
  if (!options.model.empty()) {
    file = with_model(std::move(file), load_model_file(options.model));
  }
  check_plan(file);
  report_check(file, std::cout);
}

void run_show(const PlanFileOptions& options) {
  const SampleRequest request = {.prompt_tokens = options.prompt_tokens,
                                 .output_tokens = options.output_tokens};
  describe_plan(read_plan(options.plan), request, std::cout);
}

}  // namespace hexgen
