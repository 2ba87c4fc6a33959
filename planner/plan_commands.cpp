#include "planner/plan_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cost_models/extrapolation.h"
#include "cost_models/plan_check.h"
#include "cost_models/plan_report.h"
#include "profiles/any_profile.h"
#include "profiles/apply_profile.h"
#include "profiles/cluster_json.h"
#include "profiles/errors.h"

namespace hexgen {

PlanFile with_machine_profiles(PlanFile file, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const AnyProfile profile = read_any_profile(path);
    const auto* machine = std::get_if<MeasuredProfile>(&profile);
    if (machine == nullptr) {
      throw InputError(path +
                       ": is a layer profile, expected one of a machine; hexgen-sim takes both");
    }
    file.cluster = apply_profile(file.cluster, *machine, Catalogue::builtin(), path);
  }
  return file;
}

void add_machine_profiles(CLI::App& app, std::vector<std::string>& paths) {
  app.add_option(
      "--profile", paths, "Measured profiles of machines: interpolate between their timings");
}

void add_check_options(CLI::App& app, PlanFileOptions& options) {
  app.add_option("plan", options.plans, "Plan file; several: may they share the cluster?")
      ->required();
  app.add_option("--cluster", options.cluster, "Check it on this cluster (default: the plan's)");
  app.add_option("--model", options.model, "Check it for this model (default: the plan's)");
  add_machine_profiles(app, options.profiles);
}

void add_show_options(CLI::App& app, PlanFileOptions& options) {
  app.add_option("plan", options.plans, "Plan file")->required()->expected(1);
  app.add_option("--prompt-tokens", options.prompt_tokens, "Of the request whose times are shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--output-tokens", options.output_tokens, "Of the request whose times are shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_machine_profiles(app, options.profiles);
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
    file = with_machine_profiles(std::move(file), options.profiles);
    check_plan(file);
    files.push_back(std::move(file));
  }
  check_disjoint(files, options.plans);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files.size() > 1) {
      std::cout << options.plans[i] << '\n';
    }
    report_check(files[i], std::cout);
    print_extrapolations(plan_extrapolations(files[i].model,
                                             files[i].cluster,
                                             files[i].plan,
                                             options.prompt_tokens,
                                             options.output_tokens),
                         std::cout);
  }
}

void run_show(const PlanFileOptions& options) {
  const SampleRequest request = {.prompt_tokens = options.prompt_tokens,
                                 .output_tokens = options.output_tokens};
  describe_plan(with_machine_profiles(read_plan(options.plans.front()), options.profiles),
                request,
                std::cout);
}

}  // namespace hexgen
