#include "planner/rent_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cost_models/plan_json.h"
#include "planner/interrupt.h"
#include "planner/planning_inputs.h"
#include "planner/prediction.h"
#include "planner/rent_report.h"
#include "planner/renting.h"
#include "profiles/apply_profile.h"
#include "profiles/catalogue.h"
#include "profiles/cluster_json.h"
#include "profiles/file.h"
#include "profiles/model_config.h"
#include "profiles/program.h"

namespace hexgen {
namespace {

/// The inputs of a search, with the price list in the place of the cluster.
PlanningInputs load_inputs(const RentOptions& options) {
  PlanningInputs inputs = {.model = load_model_file(options.search.model),
                           .cluster = load_price_list_file(options.offers),
                           .workload = load_workload_file(options.search.workload),
                           .profiles = {}};
  for (const std::string& path : options.search.profiles) {
    inputs.profiles.push_back(
        {.role = "profile", .name = path, .label = path, .text = read_file(path)});
  }
  return inputs;
}

PriceList price_list(const RentOptions& options, const PlanningInputs& inputs) {
  PriceList list = without_offers(parse_price_list(inputs.cluster), options.search.excluded_nodes);
  const Catalogue catalogue = Catalogue::builtin();
  for (const std::string& path : options.search.profiles) {
    list.machines = apply_profile(list.machines, read_profile(path), catalogue, path);
  }
  return list;
}

Rented find_mix(const RentOptions& options, const PriceList& list, const PlanningRequest& request) {
  const RentSettings settings = {.search = search_settings(options.search),
                                 .rivals = options.rivals};
  const auto on_trial = [&](const TriedMix& mix) {
    if (!options.search.quiet) {
      std::cerr << describe_mix(list, mix) << (mix.meets ? ": keeps the target\n" : "\n");
    }
  };
  return rent(list, request, settings, on_trial, catch_interrupt());
}

PlanFile plan_file(const RentOptions& options,
                   const PlanningInputs& inputs,
                   const Rented& rented,
                   PlanningRequest request) {
  PlanFile file = {.provenance = {.tool = "hexgen-plan " + version(),
                                  .commit = git_commit(),
                                  .seed = static_cast<std::int64_t>(options.search.seed),
                                  .inputs = {plan_input(inputs.model),
                                             plan_input(inputs.cluster),
                                             plan_input(inputs.workload)}},
                   .model = request.model,
                   .model_config = inputs.model.text,
                   .cluster = rented.cluster,
                   .plan = rented.plan,
                   .predicted = {}};
  for (const InputFile& profile : inputs.profiles) {
    file.provenance.inputs.push_back(plan_input(profile));
  }
  request.cluster = rented.cluster;
  file.predicted = predict(file.plan, Planning(std::move(request)));
  file.predicted.objective = objective_name(options.search.objective);
  return file;
}

void write_results(const RentOptions& options, const RentReport& report) {
  if (!options.cluster_out.empty()) {
    write_file(options.cluster_out, cluster_to_json(report.rented.cluster).dump(1) + "\n");
  }
  if (options.search.out.empty()) {
    std::cout << plan_to_text(report.file);
    return;
  }
  write_plan(options.search.out, report.file);
  if (options.search.json) {
    std::cout << rent_json(report);
  } else {
    print_rent(report, std::cout);
  }
}

}  // namespace

RentOptions::RentOptions() {
  search.objective = ObjectiveKind::kCost;
  search.population = 32;
  search.generations = 20;
  search.stagnation = 8;
}

void add_rent_options(CLI::App& app, RentOptions& options) {
  app.add_option("--offers", options.offers, "Price list, or a name from profiles/price_lists/")
      ->required();
  app.add_option("--model",
                 options.search.model,
                 "Model folder, config.json, or a name from profiles/models/")
      ->required();
  app.add_option(
      "--profile", options.search.profiles, "Measured profiles, used in place of the catalogue");
  app.add_option("--exclude", options.search.excluded_nodes, "Offers to leave out");
  app.add_option("--rivals", options.rivals, "Mixes that the best one is compared with in the end")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--cluster-out", options.cluster_out, "Cluster file of the rented machines");
  add_shared_search_options(app, options.search);
  app.add_option(
      "--out", options.search.out, "Plan file to write (default: the plan goes to stdout)");
  app.add_flag("--quiet", options.search.quiet, "No progress on stderr");
  app.add_flag("--json", options.search.json, "Print the rent list as JSON");
}

void run_rent(const RentOptions& options) {
  const PlanningInputs inputs = load_inputs(options);
  const PriceList list = price_list(options, inputs);
  const PlanningRequest request =
      planning_request(options.search, parse_model(inputs.model), list.machines, inputs.workload);
  const Rented rented = find_mix(options, list, request);
  const PlanFile file = plan_file(options, inputs, rented, request);
  write_results(options,
                {.list = list,
                 .rented = rented,
                 .file = file,
                 .budget_per_hour = options.search.budget_per_hour});
}

}  // namespace hexgen
