#include "planner/exhaustive.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "planner/partitions.h"
#include "planner/plan_evaluator.h"
#include "profiles/errors.h"

namespace hexgen {
namespace {

using Clock = std::chrono::steady_clock;

struct Best {
  Member member;
  std::int64_t simulations = 0;
};

/// The best leniency of one partition; of equal ones the least.
Best best_of(const Planning& planning, Individual individual) {
  Best best;
  std::vector<Plan> seen;
  for (int leniency = -kMaxLeniency; leniency <= kMaxLeniency; ++leniency) {
    individual.leniency = leniency;
    Plan plan = planning.plan(individual);
    if (std::find(seen.begin(), seen.end(), plan) != seen.end()) {
      continue;
    }
    const Objective fitness = planning.fitness(plan);
    if (seen.empty() || best.member.fitness < fitness) {
      best.member = {.individual = individual, .fitness = fitness};
    }
    seen.push_back(std::move(plan));
  }
  best.simulations = static_cast<std::int64_t>(seen.size());
  return best;
}

std::vector<Individual> partitions_of(const Planning& planning) {
  std::vector<Individual> partitions = all_partitions(planning.space(), kMaxPartitions);
  if (partitions.empty()) {
    throw InputError("--exhaustive: cluster " + planning.request().cluster.name() +
                     " has more than " + std::to_string(kMaxPartitions) +
                     " partitions, expected a smaller one");
  }
  return partitions;
}

class Exhaustion {
 public:
  Exhaustion(const Planning& planning, int threads)
      : planning_(planning),
        threads_(threads),
        partitions_(partitions_of(planning)) {}

  bool done() const { return next_ == partitions_.size(); }

  /// Some hundred partitions more.
  GenerationReport step() {
    constexpr std::size_t kPartitions = 256;
    const std::size_t count = std::min(kPartitions, partitions_.size() - next_);
    std::vector<Best> best(count);
    parallel_for_each(count, threads_, [&](std::size_t i) {
      best[i] = best_of(planning_, partitions_[next_ + i]);
    });
    std::vector<Member> members;
    for (Best& candidate : best) {
      evaluations_ += candidate.simulations;
      members.push_back(std::move(candidate.member));
    }
    GenerationReport report = report_members(members);
    if (next_ > 0) {
      members.push_back(std::move(best_));
    }
    sort_by_fitness(members);
    best_ = std::move(members.front());
    next_ += count;
    report.best = best_.fitness;
    report.evaluations = evaluations_;
    report.generation = generation_++;
    report.elapsed_s = std::chrono::duration<double>(Clock::now() - started_).count();
    return report;
  }

  SearchResult result() const {
    return {.best = best_, .evaluations = evaluations_, .generations = generation_};
  }

 private:
  const Planning& planning_;
  int threads_;
  Clock::time_point started_ = Clock::now();
  std::vector<Individual> partitions_;
  std::size_t next_ = 0;
  Member best_;
  std::int64_t evaluations_ = 0;
  int generation_ = 0;
};

}  // namespace

SearchResult exhaustive_search(const Planning& planning,
                               const SearchSettings& settings,
                               const std::function<void(const GenerationReport&)>& on_generation,
                               const std::atomic<bool>& stop) {
  Exhaustion exhaustion(planning, settings.threads);
  bool in_time = true;
  while (!exhaustion.done() && !stop && in_time) {
    const GenerationReport report = exhaustion.step();
    on_generation(report);
    in_time = report.elapsed_s < settings.time_limit_s;
  }
  return exhaustion.result();
}

}  // namespace hexgen
