#include "planner/search_options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace hexgen {
namespace {

const std::map<std::string, ObjectiveKind> kObjectives = {
    {"attainment", ObjectiveKind::kAttainment},
    {"rate", ObjectiveKind::kRate},
    {"deadline", ObjectiveKind::kDeadline},
    {"cost", ObjectiveKind::kCost}};

const std::map<std::string, Restriction> kRestrictions = {
    {"symmetric", Restriction::kSymmetric},
    {"memory-proportional", Restriction::kMemoryProportional},
    {"single-type", Restriction::kSingleType}};

const std::map<std::string, BatchPolicyKind> kPolicies = {
    {"continuous", BatchPolicyKind::kContinuous}, {"one-batch", BatchPolicyKind::kOneBatch}};

const std::map<std::string, RouterKind> kRouters = {{"plan", RouterKind::kPlanWeights},
                                                    {"least-work", RouterKind::kLeastWork},
                                                    {"round-robin", RouterKind::kRoundRobin}};

const std::map<std::string, SearchAlgorithm> kAlgorithms = {
    {"automatic", SearchAlgorithm::kAutomatic},
    {"evolutionary", SearchAlgorithm::kEvolutionary},
    {"packing", SearchAlgorithm::kPacking},
    {"random", SearchAlgorithm::kRandom},
    {"released-repaired", SearchAlgorithm::kReleasedRepaired},
    {"hill-climbing", SearchAlgorithm::kHillClimbing},
    {"annealing", SearchAlgorithm::kAnnealing}};

template <typename Value>
void add_choice(CLI::App& app,
                const std::string& name,
                Value& value,
                const std::map<std::string, Value>& choices,
                const std::string& help) {
  std::vector<std::string> names;
  for (const auto& [choice, unused] : choices) {
    names.push_back(choice);
  }
  app.add_option_function<std::string>(
         name, [&value, &choices](const std::string& text) { value = choices.at(text); }, help)
      ->check(CLI::IsMember(names));
}

void add_inputs(CLI::App& app, SearchOptions& options) {
  app.add_option("--cluster", options.cluster, "Cluster file, or a name from profiles/clusters/")
      ->required();
  app.add_option(
         "--model", options.model, "Model folder, config.json, or a name from profiles/models/")
      ->required();
  app.add_option("--profile",
                 options.profiles,
                 "Measured profiles of GPUs or of layers, used in place of the catalogue");
  app.add_option("--exclude", options.excluded_nodes, "Nodes to leave out");
}

void add_workload(CLI::App& app, SearchOptions& options) {
  app.add_option(
         "--workload", options.workload, "Workload file, or a name from profiles/workloads/")
      ->required();
  app.add_option("--rate", options.rate_per_s, "Requests per second, in place of the workload's")
      ->check(CLI::PositiveNumber);
}

void add_problem(CLI::App& app, SearchOptions& options) {
  app.add_option(
      "--slo",
      options.slo,
      "Limits in place of the workload's: ttft:MS tpot:MS e2el:MS, scale:X, mlperf:NAME");
  add_choice(app,
             "--objective",
             options.objective,
             kObjectives,
             "What to maximise (" + objective_name(options.objective) + ")");
  add_choice(app, "--policy", options.policy, kPolicies, "Batching of a replica (continuous)");
  add_choice(app, "--router", options.router, kRouters, "Choice of the replica (plan)");
  app.add_option("--max-batch", options.max_batch, "Requests in flight a pipeline, at most")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--requests", options.requests, "Requests simulated for each plan, at most")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
}

void add_constraints(CLI::App& app, SearchOptions& options) {
  add_choice(app, "--restrict", options.restriction, kRestrictions, "Only such pipelines");
  app.add_flag("--within-region", options.within_region, "No pipeline spans regions");
  app.add_option("--tp-degrees", options.tp_degrees, "Only these tensor-parallel degrees: 1,2,4")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 10));
  app.add_option("--min-replicas", options.min_pipelines, "Pipelines at least")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--budget", options.budget_per_hour, "Dollars per hour at most, of the nodes used")
      ->check(CLI::PositiveNumber);
}

void add_algorithm(CLI::App& app, SearchOptions& options) {
  add_choice(app,
             "--algorithm",
             options.algorithm,
             kAlgorithms,
             "How to search (automatic: packing for the highest rate of 64 devices or more)");
  app.add_flag("--exhaustive",
               options.exhaustive,
               "Try every partition of the devices (up to about 8 devices)")
      ->excludes("--algorithm");
}

void add_effort(CLI::App& app, SearchOptions& options) {
  app.add_option("--generations", options.generations, "Generations at most")
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  app.add_option("--stagnation",
                 options.stagnation,
                 "Stop after so many without a better plan (60; packing: 8)")
      ->check(CLI::Range(1, 1 << 30));
  app.add_option("--population", options.population, "Individuals a generation")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  app.add_option("--time-limit",
                 options.time_limit_s,
                 "Seconds; the plan then depends on the speed of the machine")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "Seed of workload and search")->capture_default_str();
  app.add_option("--workload-seed", options.workload_seed, "Seed of the workload alone");
  app.add_option("--threads", options.threads, "Threads (default: all cores)")
      ->check(CLI::Range(1, 1 << 12));
}

}  // namespace

void add_search_options(CLI::App& app, SearchOptions& options) {
  add_inputs(app, options);
  add_algorithm(app, options);
  add_shared_search_options(app, options);
  add_output_options(app, options);
}

void add_shared_search_options(CLI::App& app, SearchOptions& options) {
  add_workload(app, options);
  add_search_options_without_workload(app, options);
}

void add_search_options_without_workload(CLI::App& app, SearchOptions& options) {
  add_problem(app, options);
  add_constraints(app, options);
  add_effort(app, options);
}

void add_output_options(CLI::App& app, SearchOptions& options) {
  app.add_option("--out", options.out, "Plan file to write (default: the plan goes to stdout)");
  app.add_option("--log", options.log, "JSON Lines file with one line a generation");
  app.add_flag("--log-times", options.log_times, "Put elapsed times into the log");
  app.add_flag("--quiet", options.quiet, "No progress on stderr");
  app.add_flag("--json", options.json, "Print the summary as JSON");
}

std::string objective_name(ObjectiveKind objective) {
  for (const auto& [name, kind] : kObjectives) {
    if (kind == objective) {
      return name;
    }
  }
  return {};
}

}  // namespace hexgen
