#include "planner/search_command.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "cost_models/plan_json.h"
#include "cost_models/plan_report.h"
#include "planner/baselines.h"
#include "planner/binding.h"
#include "planner/evolution.h"
#include "planner/exhaustive.h"
#include "planner/interrupt.h"
#include "planner/local_search.h"
#include "planner/packing_search.h"
#include "planner/planning_inputs.h"
#include "planner/prediction.h"
#include "planner/search.h"
#include "planner/search_log.h"
#include "planner/search_progress.h"
#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/program.h"

namespace hexgen {
namespace {

Estimate estimate_of(const Planning& planning) {
  return [&planning](const Individual& individual) { return planning.estimate(individual); };
}

bool packs(const SearchOptions& options, const Planning& planning) {
  constexpr int kFewestDevices = 64;
  const PlanningRequest& request = planning.request();
  const bool can = request.objective == ObjectiveKind::kRate && !request.constraints.any();
  if (options.algorithm == SearchAlgorithm::kPacking && !can) {
    throw InputError(
        "--algorithm packing: expected --objective rate without --budget and --min-replicas");
  }
  return options.algorithm == SearchAlgorithm::kPacking ||
         (options.algorithm == SearchAlgorithm::kAutomatic && can && !options.exhaustive &&
          request.cluster.num_devices() >= kFewestDevices);
}

SearchStrategy strategy_of(SearchAlgorithm algorithm, const Planning& planning) {
  const SearchSpace& space = planning.space();
  switch (algorithm) {
    case SearchAlgorithm::kRandom:
      return random_strategy(space);
    case SearchAlgorithm::kReleasedRepaired:
      return released_strategy(space);
    default:
      return evolutionary_strategy(space, estimate_of(planning));
  }
}

std::optional<WalkRule> walk_rule(SearchAlgorithm algorithm) {
  switch (algorithm) {
    case SearchAlgorithm::kHillClimbing:
      return WalkRule::kHillClimbing;
    case SearchAlgorithm::kAnnealing:
      return WalkRule::kAnnealing;
    default:
      return std::nullopt;
  }
}

using OnGeneration = std::function<void(const GenerationReport&)>;

SearchResult search_partitions(const SearchOptions& options,
                               const Planning& planning,
                               const SearchSettings& settings,
                               const OnGeneration& on_generation,
                               const std::atomic<bool>& interrupted) {
  if (options.exhaustive) {
    return exhaustive_search(planning, settings, on_generation, interrupted);
  }
  const Fitness fitness = [&](const Individual& each) { return planning.fitness(each); };
  if (const std::optional<WalkRule> rule = walk_rule(options.algorithm)) {
    return local_search(*rule,
                        planning.space(),
                        estimate_of(planning),
                        fitness,
                        settings,
                        on_generation,
                        interrupted);
  }
  return evolve(
      strategy_of(options.algorithm, planning), fitness, settings, on_generation, interrupted);
}

struct FoundPlan {
  SearchResult result;
  Plan plan;
};

FoundPlan find_best(const SearchOptions& options, const Planning& planning, std::string& log) {
  SearchSettings settings = search_settings(options);
  const bool pack = packs(options, planning);
  if (pack) {
    constexpr int kStagnation = 8;  // a generation searches everywhere
    settings.stagnation = options.stagnation.value_or(kStagnation);
  }
  const std::atomic<bool>& interrupted = catch_interrupt();
  SearchProgress progress(settings, options.quiet);
  const auto on_generation = [&](const GenerationReport& report) {
    progress.show(report);
    log += search_log_line(report, options.log_times);
  };
  if (pack) {
    PackingSearch search(planning, settings);
    SearchResult result = search.run(on_generation, interrupted);
    Plan plan = search.plan(result.best.individual);
    if (!plan.empty()) {
      return {std::move(result), std::move(plan)};
    }  // else no group serves within the SLO, and the best that can be done is to be found
  }
  SearchResult result = search_partitions(options, planning, settings, on_generation, interrupted);
  Plan plan = planning.plan(result.best.individual);
  return {std::move(result), std::move(plan)};
}

PlanFile plan_file(const SearchOptions& options,
                   const PlanningInputs& inputs,
                   const Planning& planning,
                   Plan plan) {
  PlanFile file = {.provenance = {.tool = "hexgen-plan " + version(),
                                  .commit = git_commit(),
                                  .seed = static_cast<std::int64_t>(options.seed),
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
  file.predicted.objective = objective_name(options.objective);
  return file;
}

void print_summary(const SearchOptions& options,
                   const SearchResult& result,
                   const PlanFile& file,
                   double capacity_per_s,
                   const std::vector<Extrapolation>& extrapolations) {
  if (options.json) {
    nlohmann::ordered_json summary = {{"out", options.out},
                                      {"pipelines", file.plan.pipelines().size()},
                                      {"objective", objective_name(options.objective)},
                                      {"score", result.best.fitness.score},
                                      {"tie_break", result.best.fitness.tie_break},
                                      {"capacity_per_s", capacity_per_s},
                                      {"generations", result.generations},
                                      {"evaluations", result.evaluations}};
    if (file.predicted.upper_bound_per_s) {
      summary["upper_bound_per_s"] = *file.predicted.upper_bound_per_s;
    }
    if (const std::optional<double> gap = gap_to_bound(file.predicted)) {
      summary["gap_to_bound"] = *gap;
    }
    for (const Extrapolation& extrapolation : extrapolations) {
      summary["extrapolations"].push_back({{"what", extrapolation.what},
                                           {"outside", extrapolation.shape ? "matrix" : "size"},
                                           {"times", extrapolation.factor}});
    }
    std::cout << summary.dump(2) << '\n';
    return;
  }
  std::cout << options.out << ": " << describe_prediction(file) << '\n';
  print_extrapolations(extrapolations, std::cout);
}

}  // namespace

void run_search(const SearchOptions& options) {
  const PlanningInputs inputs = load_planning_inputs(options);
  const Planning planning(planning_request(options, inputs));
  planning.require_room();
  std::string log;
  FoundPlan found = find_best(options, planning, log);
  if (!options.log.empty()) {
    write_file(options.log, log);
  }
  planning.require_success(found.plan);
  const PlanFile file = plan_file(options, inputs, planning, std::move(found.plan));
  if (options.out.empty()) {
    print_extrapolations(predicted_outside(file.plan, planning.request()), std::cerr);
    std::cout << plan_to_text(file);
    return;
  }
  write_plan(options.out, file);
  print_summary(options,
                found.result,
                file,
                plan_capacity_per_s(file.plan, planning.request()),
                predicted_outside(file.plan, planning.request()));
}

}  // namespace hexgen
