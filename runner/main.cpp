#include <CLI/CLI.hpp>
#include <iostream>

#include "cost_models/plan_json.h"
#include "profiles/errors.h"
#include "profiles/model_config.h"
#include "profiles/program.h"
#include "runner/placement/dry_run.h"

namespace {

struct CheckOptions {
  std::string plan;
  std::string model;
  bool json = false;
};

void add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* check = app.add_subcommand(
      "check", "Show what each device would hold; exit code 3 if it does not fit");
  check->add_option("--plan", options.plan, "Plan file")->required()->type_name("FILE");
  check
      ->add_option("--model",
                   options.model,
                   "Model in place of the plan's: Hugging Face folder, config.json or name")
      ->type_name("M");
  check->add_flag("--json", options.json, "Print JSON");
}

int check(const CheckOptions& options) {
  hexgen::PlanFile file = hexgen::read_plan(options.plan);
  if (!options.model.empty()) {
    file.model = hexgen::read_model(options.model);
    file.plan =
        hexgen::Plan(file.plan.pipelines(), file.model.num_layers, file.cluster.num_devices());
  }
  const auto pipelines = hexgen::dry_run(file.plan, file.model, file.cluster);
  std::cout << (options.json ? dry_run_json(pipelines, file.cluster)
                             : dry_run_table(pipelines, file.cluster));
  check_fits(pipelines, file.cluster);
  return static_cast<int>(hexgen::ExitCode::kDone);
}

}  // namespace

int main(int argc, char** argv) {
  return hexgen::run_program("hexgen-run", [&] {
    CLI::App app("Runs a plan on the devices it names");
    app.set_version_flag("--version", hexgen::version_line("hexgen-run"));
    app.require_subcommand(1);
    CheckOptions options;
    add_check(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
      return app.exit(asked);
    } catch (const CLI::ParseError& error) {
      throw hexgen::InputError(error.what());
    }
    return check(options);
  });
}
