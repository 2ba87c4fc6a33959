#include "planner/replan_command.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>

#include "cost_models/plan_json.h"
#include "cost_models/price.h"
#include "planner/interrupt.h"
#include "planner/planning_inputs.h"
#include "planner/prediction.h"
#include "planner/replan_report.h"
#include "planner/search_log.h"
#include "planner/search_progress.h"
#include "profiles/cluster_json.h"
#include "profiles/file.h"
#include "profiles/program.h"

namespace hexgen {
namespace {

struct ReplanInputs {
  InputFile plan;
  InputFile workload;
  std::optional<InputFile> joined;
};

ReplanInputs load_inputs(const ReplanOptions& options) {
  ReplanInputs inputs = {.plan = {.role = "plan",
                                  .name = options.plan,
                                  .label = options.plan,
                                  .text = read_file(options.plan)},
                         .workload = load_workload_file(options.search.workload),
                         .joined = std::nullopt};
  if (!options.joined.empty()) {
    inputs.joined = load_cluster_file(options.joined);
  }
  return inputs;
}

ClusterChange cluster_change(const ReplanOptions& options,
                             const PlanFile& old,
                             const ReplanInputs& inputs) {
  if (!inputs.joined) {
    return change_cluster(old.cluster, options.lost);
  }
  const Cluster joined = parse_cluster(*inputs.joined);
  return change_cluster(old.cluster, options.lost, &joined);
}

ServiceForecast forecast(const Plan& plan, const Planning& planning) {
  return plan.empty() ? std::nullopt : ServiceForecast(predict(plan, planning));
}

/// What loading a copy must gain: a share of the score of the old plan, of its price where that is
/// the objective.
double score_per_copy(const ReplanOptions& options, const Planning& old, const Plan& plan) {
  const double unit = options.search.objective == ObjectiveKind::kCost
                          ? price_per_hour(plan, old.request().cluster)
                          : std::abs(old.evaluator().evaluate(plan).score);
  return options.copy_cost * unit;
}

PlanFile plan_file(const ReplanOptions& options,
                   const PlanFile& old,
                   const ReplanInputs& inputs,
                   const ClusterChange& change,
                   const Replanned& replanned) {
  PlanFile file = {.provenance = {.tool = "hexgen-plan " + version(),
                                  .commit = git_commit(),
                                  .seed = static_cast<std::int64_t>(options.search.seed),
                                  .inputs = {plan_input(inputs.plan), plan_input(inputs.workload)}},
                   .model = old.model,
                   .model_config = old.model_config,
                   .cluster = change.cluster,
                   .plan = on_cluster(replanned.plan, change, old.model.num_layers),
                   .predicted = {}};
  if (inputs.joined) {
    file.provenance.inputs.push_back(plan_input(*inputs.joined));
  }
  return file;
}

Replanned search(const ReplanOptions& options,
                 const PlanFile& old,
                 const ClusterChange& change,
                 const PlanningRequest& request,
                 double score_per_copy) {
  const ReplanSettings settings = {.search = search_settings(options.search),
                                   .score_per_copy = score_per_copy};
  SearchProgress progress(settings.search, options.search.quiet);
  std::string log;
  const auto on_generation = [&](const GenerationReport& report) {
    progress.show(report);
    log += search_log_line(report, options.search.log_times);
  };
  Replanned replanned =
      replan(old.plan, change, request, settings, on_generation, catch_interrupt());
  if (!options.search.log.empty()) {
    write_file(options.search.log, log);
  }
  return replanned;
}

void write_results(const ReplanOptions& options, const ReplanReport& report) {
  if (options.search.out.empty()) {
    std::cout << plan_to_text(report.file);
    return;
  }
  write_plan(options.search.out, report.file);
  if (options.search.json) {
    std::cout << replan_json(report);
  } else {
    print_replan(report, std::cout);
  }
}

}  // namespace

ReplanOptions::ReplanOptions() {
  search.population = 12;
  search.generations = 3;
}

void add_replan_options(CLI::App& app, ReplanOptions& options) {
  app.add_option("--plan", options.plan, "Plan file that serves now")->required();
  app.add_option("--lost", options.lost, "Nodes or GPUs that are gone: NODE or NODE:INDEX");
  app.add_option("--joined",
                 options.joined,
                 "Cluster file with new nodes; old ones in it say how they are linked");
  app.add_option("--copy-cost",
                 options.copy_cost,
                 "Share of the old plan's score that loading one copy of the model must gain; 0: "
                 "bytes only break ties")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_shared_search_options(app, options.search);
  add_output_options(app, options.search);
}

void run_replan(const ReplanOptions& options) {
  const ReplanInputs inputs = load_inputs(options);
  const PlanFile old = parse_plan(inputs.plan.text, inputs.plan.label);
  const ClusterChange change = cluster_change(options, old, inputs);
  const Planning before(planning_request(options.search, old.model, old.cluster, inputs.workload));
  PlanningRequest request = before.request();
  request.cluster = change.usable;
  const Replanned replanned =
      search(options, old, change, request, score_per_copy(options, before, old.plan));
  const Planning after(std::move(request));
  PlanFile file = plan_file(options, old, inputs, change, replanned);
  file.predicted = predict(replanned.plan, after);
  file.predicted.objective = objective_name(options.search.objective);
  write_results(options,
                {.file = file,
                 .change = change,
                 .replanned = replanned,
                 .before = forecast(old.plan, before),
                 .during = forecast(replanned.interim, after),
                 .after = file.predicted});
}

}  // namespace hexgen
