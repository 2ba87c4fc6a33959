#include "planner/share_command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <set>

#include "planner/interrupt.h"
#include "planner/planning_inputs.h"
#include "planner/prediction.h"
#include "planner/search_progress.h"
#include "planner/share_report.h"
#include "planner/sharing.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/program.h"

namespace hexgen {
namespace {

/// The options that a search for this model alone would have.
SearchOptions options_for(const std::string& serve, const SearchOptions& shared) {
  const auto refuse = [&](const std::string& problem) -> InputError {
    return InputError("--serve: '" + serve + "': " + problem);
  };
  SearchOptions options = shared;
  const std::size_t first = serve.find(':');
  if (first == std::string::npos || first == 0 || first + 1 == serve.size()) {
    throw refuse("expected MODEL:WORKLOAD or MODEL:WORKLOAD:RATE");
  }
  options.model = serve.substr(0, first);
  const std::size_t second = serve.find(':', first + 1);
  options.workload = serve.substr(first + 1, second - first - 1);
  if (second != std::string::npos) {
    const std::string rate = serve.substr(second + 1);
    double rate_per_s = 0;
    const auto parsed = std::from_chars(rate.data(), rate.data() + rate.size(), rate_per_s);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == rate.data() + rate.size();
    constexpr double kHighestRate = 1e9;
    if (!whole || !(rate_per_s > 0) || rate_per_s > kHighestRate) {
      throw refuse("'" + rate + "' is no number of requests per second above 0");
    }
    options.rate_per_s = rate_per_s;
  }
  return options;
}

PlanFile plan_file(const ShareOptions& options,
                   const PlanningInputs& inputs,
                   const Planning& planning,
                   Plan plan) {
  PlanFile file = {.provenance = {.tool = "hexgen-plan " + version(),
                                  .commit = git_commit(),
                                  .seed = static_cast<std::int64_t>(options.search.seed),
                                  .inputs = {plan_input(inputs.model),
                                             plan_input(inputs.cluster),
                                             plan_input(inputs.workload)}},
                   .model = planning.request().model,
                   .model_config = inputs.model.text,
                   .cluster = planning.request().cluster,
                   .plan = std::move(plan),
                   .predicted = {}};
  for (const InputFile& profile : inputs.profiles) {
    file.provenance.inputs.push_back(plan_input(profile));
  }
  file.predicted = predict(file.plan, planning);
  file.predicted.objective = objective_name(options.search.objective);
  return file;
}

/// "plan-llama-2-7b.json", and "plan-llama-2-7b-2.json" for a second one of that name.
std::string unused_path(const std::string& folder,
                        const std::string& model,
                        std::set<std::string>& used) {
  std::string name = model;
  for (int number = 2; !used.insert(name).second; ++number) {
    name = model + "-" + std::to_string(number);
  }
  return (std::filesystem::path(folder) / ("plan-" + name + ".json")).string();
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw InputError("--out-dir: '" + folder + "': " + error.message());
  }
}

SharedCluster search(const ShareOptions& options, const ModelSharing& sharing) {
  const SearchSettings settings = search_settings(options.search);
  SearchProgress progress(settings, options.search.quiet);
  return share_cluster(
      sharing,
      settings,
      [&](const GenerationReport& report) { progress.show(report); },
      catch_interrupt());
}

ShareReport report_of(const ShareOptions& options,
                      const std::vector<PlanningInputs>& inputs,
                      const ModelSharing& sharing,
                      const SharedCluster& shared) {
  ShareReport report = {.models = {}, .shared = shared};
  std::set<std::string> used;
  for (std::size_t model = 0; model < inputs.size(); ++model) {
    const Planning& planning = sharing.planning(model);
    const PlanningRequest& request = planning.request();
    report.models.push_back(
        {.file = plan_file(options, inputs[model], planning, shared.plans[model]),
         .path = unused_path(options.out_dir, request.model.name, used),
         .workload = request.workload.name,
         .rate_per_s = request.workload.arrivals.rate_per_s,
         .halves = std::nullopt});
    if (!shared.halves[model].empty()) {
      report.models.back().halves = predict(shared.halves[model], planning);
    }
  }
  return report;
}

}  // namespace

ShareOptions::ShareOptions() {
  search.population = 32;
  search.generations = 20;
  search.stagnation = 8;
}

void add_share_options(CLI::App& app, ShareOptions& options) {
  SearchOptions& search = options.search;
  app.add_option("--cluster", search.cluster, "Cluster file, or a name from profiles/clusters/")
      ->required();
  app.add_option(
         "--serve", options.serve, "MODEL:WORKLOAD or MODEL:WORKLOAD:RATE, once for each model")
      ->required();
  app.add_option("--out-dir", options.out_dir, "Folder for plan-MODEL.json, one for each model")
      ->required();
  app.add_option("--profile", search.profiles, "Measured profiles, used in place of the catalogue");
  app.add_option("--exclude", search.excluded_nodes, "Nodes to leave out");
  add_search_options_without_workload(app, search);
  app.add_flag("--quiet", search.quiet, "No progress on stderr");
  app.add_flag("--json", search.json, "Print the report as JSON");
}

void run_share(const ShareOptions& options) {
  if (options.serve.size() < 2) {
    throw InputError("--serve: one model, expected two or more (hexgen-plan search plans one)");
  }
  std::vector<PlanningInputs> inputs;
  std::vector<PlanningRequest> requests;
  for (const std::string& serve : options.serve) {
    const SearchOptions alone = options_for(serve, options.search);
    inputs.push_back(load_planning_inputs(alone));
    requests.push_back(planning_request(alone, inputs.back()));
  }
  const ModelSharing sharing(requests);
  const SharedCluster shared = search(options, sharing);
  const ShareReport report = report_of(options, inputs, sharing, shared);
  make_folder(options.out_dir);
  for (const SharedModelReport& model : report.models) {
    write_plan(model.path, model.file);
  }
  if (options.search.json) {
    std::cout << share_json(report);
  } else {
    print_share(report, std::cout);
  }
}

}  // namespace hexgen
