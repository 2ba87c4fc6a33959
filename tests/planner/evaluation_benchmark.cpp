#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "planner/evolution.h"
#include "planner/planning_inputs.h"
#include "planner/search_options.h"

// Plans a second that the planner estimates and simulates, with and without layouts remembered from
// plan to plan, and the whole search, each with one thread and two. Everything is measured in turns
// for as many rounds as the argument says (3), and medians are printed: docs/PERFORMANCE.md.
namespace {

using namespace hexgen;

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

struct Measurement {
  std::string what;
  std::function<Times()> take;
  std::vector<Times> taken = {};
};

double median(const std::vector<Times>& times, double Times::*of) {
  std::vector<double> values;
  for (const Times& each : times) {
    values.push_back(each.*of);
  }
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

class Benchmark {
 public:
  explicit Benchmark(const SearchOptions& options)
      : options_(options),
        inputs_(load_planning_inputs(options_)) {
    const Planning planning(planning_request(options_, inputs_));
    search(planning, 1, [this](const Individual& each) { individuals_.push_back(each); });
    usual_load_ = planning.usual_load();
  }

  void run(int rounds) const {
    std::vector<Measurement> measurements = {
        {"estimate, nothing remembered", [this] { return forgetful(&Benchmark::estimate); }},
        {"estimate, layouts remembered", [this] { return remembering(1, &Benchmark::estimate); }},
        {"simulate, nothing remembered", [this] { return forgetful(&Benchmark::simulate); }},
        {"simulate, layouts remembered", [this] { return remembering(1, &Benchmark::simulate); }},
        {"simulate, layouts remembered, 2 threads",
         [this] { return remembering(2, &Benchmark::simulate); }},
        {"whole search, 1 thread", [this] { return whole_search(1); }},
        {"whole search, 2 threads", [this] { return whole_search(2); }}};
    for (int round = 0; round < rounds; ++round) {
      for (Measurement& measurement : measurements) {
        measurement.taken.push_back(measurement.take());
      }
    }
    const auto plans = static_cast<double>(individuals_.size());
    for (const Measurement& measurement : measurements) {
      const double wall_s = median(measurement.taken, &Times::wall_s);
      const double processor_s = median(measurement.taken, &Times::processor_s);
      std::printf("%-40s %6.2f s %8.0f plans/s %8.0f plans/s of processor time\n",
                  measurement.what.c_str(),
                  wall_s,
                  plans / wall_s,
                  plans / processor_s);
    }
  }

 private:
  using Evaluate = void (Benchmark::*)(const Planning&, const Individual&) const;

  /// 12 generations of 64; tells `visit`, if any, of every plan that is simulated.
  static void search(const Planning& planning,
                     int threads,
                     const std::function<void(const Individual&)>& visit = {}) {
    const SearchSettings settings = {.threads = threads, .generations = 12};
    const std::atomic<bool> stop = false;
    const auto estimate = [&](const Individual& each) { return planning.estimate(each); };
    const auto fitness = [&](const Individual& each) {
      if (visit) {
        visit(each);
      }
      return planning.fitness(each);
    };
    const auto ignore = [](const GenerationReport&) {};
    evolve(evolutionary_strategy(planning.space(), estimate), fitness, settings, ignore, stop);
  }

  void estimate(const Planning& planning, const Individual& individual) const {
    static_cast<void>(planning.estimate(individual));
  }

  void simulate(const Planning& planning, const Individual& individual) const {
    static_cast<void>(planning.evaluator().evaluate(planning.plan(individual), usual_load_));
  }

  Times whole_search(int threads) const {
    const Planning planning(planning_request(options_, inputs_));
    Times times;
    add_time_of([&] { search(planning, threads); }, times);
    return times;
  }

  /// One Planning, whose cache starts empty, for all plans.
  Times remembering(int threads, Evaluate evaluate) const {
    const Planning planning(planning_request(options_, inputs_));
    Times times;
    add_time_of(
        [&] {
          parallel_for_each(individuals_.size(), threads, [&](std::size_t i) {
            (this->*evaluate)(planning, individuals_[i]);
          });
        },
        times);
    return times;
  }

  /// A Planning of its own for each plan; making it is not timed.
  Times forgetful(Evaluate evaluate) const {
    Times times;
    for (const Individual& individual : individuals_) {
      const Planning planning(planning_request(options_, inputs_));
      add_time_of([&] { (this->*evaluate)(planning, individual); }, times);
    }
    return times;
  }

  SearchOptions options_;
  PlanningInputs inputs_;
  std::vector<Individual> individuals_;  // that a search simulates, in its order
  double usual_load_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 3;
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
    Benchmark(options).run(rounds);
  }
}
