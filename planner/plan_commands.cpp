#include "planner/plan_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cost_models/plan_check.h"
#include "cost_models/plan_report.h"
#include "profiles/cluster_json.h"

namespace hexgen {

void add_check_options(CLI::App& app, PlanFileOptions& options) {
  app.add_option("plan", options.plans, "Plan file; several: may they share the cluster?")
      ->required();
  app.add_option("--cluster", options.cluster, "Check it on this cluster (default: the plan's)");
  app.add_option("--model", options.model, "Check it for this model (default: the plan's)");
}

void add_show_options(CLI::App& app, PlanFileOptions& options) {
  app.add_option("plan", options.plans, "Plan file")->required()->expected(1);
  app.add_option("--prompt-tokens", options.prompt_tokens, "Of the request whose times are shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--output-tokens", options.output_tokens, "Of the request whose times are shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void run_check(const PlanFileOptions& options) {
  std::vector<PlanFile> files;
  for (const std::string& path : options.plans) {
    PlanFile file = read_plan(path);
    if (!options.cluster.empty()) {
      file = with_cluster(std::move(file), read_cluster(options.cluster));
    }
    if (!options.model.empty()) {
      file = with_model(std::move(file), load_model_file(options.model));
    }
    check_plan(file);
    files.push_back(std::move(file));
  }
  check_disjoint(files, options.plans);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files.size() > 1) {
      std::cout << options.plans[i] << '\n';
    }
    report_check(files[i], std::cout);
  }
}

void run_show(const PlanFileOptions& options) {
  const SampleRequest request = {.prompt_tokens = options.prompt_tokens,
                                 .output_tokens = options.output_tokens};
  describe_plan(read_plan(options.plans.front()), request, std::cout);
}

}  // namespace hexgen
