#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

#include "planner/evolution.h"
#include "planner/planning_inputs.h"
#include "planner/population.h"
#include "planner/repair.h"
#include "planner/search_options.h"

// Plans a second that the planner estimates and simulates: with one thread and two, with and
// without layouts remembered from plan to plan. docs/PERFORMANCE.md says more.
namespace {

using namespace hexgen;

constexpr int kStarts = 64;
constexpr int kSteps = 4;

/// Network-aware starts, each followed by neighbours of neighbours, as in a search.
std::vector<Individual> sample(const SearchSpace& space) {
  std::vector<Individual> individuals;
  for (int start = 0; start < kStarts; ++start) {
    Random random(1, 0, static_cast<std::uint64_t>(start));
    Individual individual = network_aware_individual(space, random);
    for (int step = 0; step < kSteps; ++step) {
      individuals.push_back(individual);
      make_one_move(individual, space, random);
      repair(individual, space, random);
    }
  }
  return individuals;
}

double seconds_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

void print_rate(const char* what, std::size_t plans, double seconds) {
  std::printf("%-58s %9.0f plans/s\n", what, static_cast<double>(plans) / seconds);
}

class Benchmark {
 public:
  explicit Benchmark(const SearchOptions& options)
      : inputs_(load_planning_inputs(options)),
        options_(options),
        individuals_(sample(Planning(planning_request(options_, inputs_)).space())) {}

  void run() const {
    const auto estimate = [](const Planning& planning, const Individual& individual) {
      static_cast<void>(planning.estimate(individual));
    };
    const auto simulate = [](const Planning& planning, const Individual& individual) {
      static_cast<void>(planning.fitness(individual));
    };
    forgetful("estimate, nothing remembered, 1 thread", estimate);
    remembering("estimate, layouts remembered, 1 thread", 1, estimate);
    forgetful("simulate, nothing remembered, 1 thread", simulate);
    remembering("simulate, layouts remembered, 1 thread", 1, simulate);
    remembering("simulate, layouts remembered, 2 threads", 2, simulate);
  }

 private:
  using Evaluate = std::function<void(const Planning&, const Individual&)>;

  /// One Planning, whose cache starts empty, for all plans.
  void remembering(const char* what, int threads, const Evaluate& evaluate) const {
    const Planning planning(planning_request(options_, inputs_));
    print_rate(what, individuals_.size(), seconds_of([&] {
                 parallel_for_each(individuals_.size(), threads, [&](std::size_t i) {
                   evaluate(planning, individuals_[i]);
                 });
               }));
  }

  /// A Planning of its own for each plan; making it is not timed.
  void forgetful(const char* what, const Evaluate& evaluate) const {
    double seconds = 0;
    for (const Individual& individual : individuals_) {
      const Planning planning(planning_request(options_, inputs_));
      seconds += seconds_of([&] { evaluate(planning, individual); });
    }
    print_rate(what, individuals_.size(), seconds);
  }

  PlanningInputs inputs_;
  SearchOptions options_;
  std::vector<Individual> individuals_;
};

}  // namespace

int main() {
  SearchOptions options;
  options.cluster = "hexgen-full";
  options.model = "llama-2-70b";
  options.workload = "hexgen-64";
  options.objective = ObjectiveKind::kRate;
  for (const BatchPolicyKind policy : {BatchPolicyKind::kOneBatch, BatchPolicyKind::kContinuous}) {
    const bool one_batch = policy == BatchPolicyKind::kOneBatch;
    std::printf("%s\n", one_batch ? "one request at a time" : "continuous batching");
    options.policy = policy;
    options.max_batch = one_batch ? 1 : 256;
    Benchmark(options).run();
  }
}
