#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <vector>

#include "planner/evolution.h"
#include "planner/planning_inputs.h"
#include "planner/search_options.h"

// Plans a second that the planner estimates and simulates: with one thread and two, with and
// without layouts remembered from plan to plan. docs/PERFORMANCE.md says more.
namespace {

using namespace hexgen;

/// Every plan that a short search simulates, in its order.
std::vector<Individual> searched_individuals(const Planning& planning) {
  const SearchSettings settings = {.threads = 1, .population = 24, .generations = 8};
  const std::atomic<bool> stop = false;
  std::vector<Individual> individuals;
  evolve(
      evolutionary_strategy(planning.space(),
                            [&](const Individual& each) { return planning.estimate(each); }),
      [&](const Individual& each) {
        individuals.push_back(each);
        return planning.fitness(each);
      },
      settings,
      [](const GenerationReport&) {},
      stop);
  return individuals;
}

/// Of the clock on the wall, and of all threads' processor time.
struct Times {
  double wall_s = 0;
  double processor_s = 0;
};

void add_time_of(const std::function<void()>& work, Times& times) {
  const auto started = std::chrono::steady_clock::now();
  const std::clock_t used = std::clock();
  work();
  times.processor_s += static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC;
  times.wall_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

void print_rates(const char* what, std::size_t plans, const Times& times) {
  const auto count = static_cast<double>(plans);
  std::printf("%-42s %8.0f plans/s  %8.0f plans/s of processor time\n",
              what,
              count / times.wall_s,
              count / times.processor_s);
}

class Benchmark {
 public:
  explicit Benchmark(const SearchOptions& options)
      : inputs_(load_planning_inputs(options)),
        options_(options),
        individuals_(searched_individuals(Planning(planning_request(options_, inputs_)))) {}

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
    Times times;
    add_time_of(
        [&] {
          parallel_for_each(individuals_.size(), threads, [&](std::size_t i) {
            evaluate(planning, individuals_[i]);
          });
        },
        times);
    print_rates(what, individuals_.size(), times);
  }

  /// A Planning of its own for each plan; making it is not timed.
  void forgetful(const char* what, const Evaluate& evaluate) const {
    Times times;
    for (const Individual& individual : individuals_) {
      const Planning planning(planning_request(options_, inputs_));
      add_time_of([&] { evaluate(planning, individual); }, times);
    }
    print_rates(what, individuals_.size(), times);
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
