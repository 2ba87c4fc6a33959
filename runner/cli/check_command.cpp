#include "runner/cli/check_command.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "cost_models/plan_json.h"
#include "profiles/model_config.h"
#include "runner/placement/dry_run.h"

namespace hexgen {

void add_check_options(CLI::App& app, CheckOptions& options) {
  app.add_option("--plan", options.plan, "Plan file")->required()->type_name("FILE");
  app.add_option("--model",
                 options.model,
                 "Model in place of the plan's: Hugging Face folder, config.json or name")
      ->type_name("M");
  app.add_flag("--json", options.json, "Print JSON");
}

void run_check(const CheckOptions& options, std::ostream& out) {
  PlanFile file = read_plan(options.plan);
  if (!options.model.empty()) {
    file.model = read_model(options.model);
    file.plan = Plan(file.plan.pipelines(), file.model.num_layers, file.cluster.num_devices());
  }
  const auto pipelines = dry_run(file.plan, file.model, file.cluster);
  out << (options.json ? dry_run_json(pipelines, file.cluster)
                       : dry_run_table(pipelines, file.cluster));
  check_fits(pipelines, file.cluster);
}

}  // namespace hexgen
