#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "planner/planning.h"

namespace CLI {
class App;
}

namespace hexgen {

enum class Restriction {
  kNone,
  kSymmetric,           // LayoutRule::kSymmetric
  kMemoryProportional,  // LayoutRule::kProportional
  kSingleType           // pipelines of one GPU type
};

enum class SearchAlgorithm {
  kAutomatic,  // packing or evolutionary, as suits the cluster and the objective
  kEvolutionary,
  kPacking,
  kRandom,
  kReleasedRepaired,
  kHillClimbing,
  kAnnealing
};

/// What `hexgen-plan search` was asked on the command line.
struct SearchOptions {
  std::string cluster;
  std::string model;
  std::string workload;
  std::string out;  // empty: the plan goes to stdout
  std::string log;
  std::vector<std::string> profiles;
  std::vector<std::string> slo;
  std::optional<double> rate_per_s;  // in place of the workload's
  ObjectiveKind objective = ObjectiveKind::kAttainment;
  Restriction restriction = Restriction::kNone;
  std::vector<std::string> excluded_nodes;
  bool within_region = false;
  std::vector<int> tp_degrees;  // empty: any
  int min_pipelines = 1;
  std::optional<double> budget_per_hour;
  BatchPolicyKind policy = BatchPolicyKind::kContinuous;
  RouterKind router = RouterKind::kPlanWeights;
  SearchAlgorithm algorithm = SearchAlgorithm::kAutomatic;
  bool exhaustive = false;  // every partition instead of a search
  int max_batch = 256;
  std::int64_t requests = 1000;  // at most; fewer when the workload has fewer
  int generations = 1000;
  std::optional<int> stagnation;  // none: as many as suit the algorithm
  int population = 64;
  std::optional<double> time_limit_s;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> workload_seed;  // none: `seed`
  int threads = 0;                             // 0: all cores
  bool log_times = false;
  bool quiet = false;
  bool json = false;
};

/// Declares the options of `hexgen-plan search`; parsing fills `options`.
void add_search_options(CLI::App& app, SearchOptions& options);

/// Those of them that every command which searches has: what the plan is for, what it must keep to
/// and how long to search, but not the model, the cluster and the algorithm.
void add_shared_search_options(CLI::App& app, SearchOptions& options);

/// The same without the workload and its rate, for a command whose models have their own.
void add_search_options_without_workload(CLI::App& app, SearchOptions& options);

/// Where the plan, the log and the summary go.
void add_output_options(CLI::App& app, SearchOptions& options);

/// "rate" for ObjectiveKind::kRate and so on, as in plan files and on the command line.
std::string objective_name(ObjectiveKind objective);

}  // namespace hexgen
