#include "planner/search.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "planner/plan_evaluator.h"

namespace hexgen {
namespace {

using Clock = std::chrono::steady_clock;

class Evolution {
 public:
  Evolution(const SearchStrategy& strategy, const Fitness& fitness, const SearchSettings& settings)
      : strategy_(strategy),
        fitness_(fitness),
        settings_(settings) {}

  void start() {
    std::vector<Individual> individuals = make_individuals(strategy_.start);
    individuals.insert(individuals.end(), strategy_.seeds.begin(), strategy_.seeds.end());
    members_ = evaluated(std::move(individuals));
    sort_by_fitness(members_);
  }

  void step() {
    ++generation_;
    const Objective best_before = members_.front().fitness;
    std::vector<Member> all = evaluated(
        make_individuals([&](Random& random) { return strategy_.breed(members_, random); }));
    all.insert(all.end(), members_.begin(), members_.end());
    sort_by_fitness(all);
    survive(std::move(all));
    stagnant_ = members_.front().fitness > best_before ? 0 : stagnant_ + 1;
  }

  GenerationReport report() const {
    GenerationReport report = report_members(members_);
    report.generation = generation_;
    report.evaluations = evaluations_;
    report.stagnant_generations = stagnant_;
    report.elapsed_s = elapsed_s();
    return report;
  }

  bool done() const {
    return generation_ >= settings_.generations || stagnant_ >= settings_.stagnation ||
           elapsed_s() >= settings_.time_limit_s;
  }

  SearchResult result() const {
    return {.best = members_.front(), .evaluations = evaluations_, .generations = generation_};
  }

 private:
  double elapsed_s() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

  /// Individual i of this generation, from its own stream.
  std::vector<Individual> make_individuals(const std::function<Individual(Random&)>& make) const {
    std::vector<Individual> individuals(static_cast<std::size_t>(settings_.population));
    parallel_for_each(individuals.size(), settings_.threads, [&](std::size_t i) {
      Random random(settings_.seed, static_cast<std::uint64_t>(generation_), i);
      individuals[i] = make(random);
    });
    return individuals;
  }

  /// Members of the individuals that differ; only those never seen are simulated.
  std::vector<Member> evaluated(std::vector<Individual> individuals) {
    std::sort(individuals.begin(), individuals.end());
    individuals.erase(std::unique(individuals.begin(), individuals.end()), individuals.end());
    std::vector<Individual> unseen;
    for (const Individual& individual : individuals) {
      if (seen_.find(individual) == seen_.end()) {
        unseen.push_back(individual);
      }
    }
    const std::vector<Objective> scores = evaluate_all(unseen, fitness_, settings_.threads);
    for (std::size_t i = 0; i < unseen.size(); ++i) {
      seen_.emplace(std::move(unseen[i]), scores[i]);
    }
    evaluations_ += static_cast<std::int64_t>(scores.size());
    std::vector<Member> members;
    for (Individual& individual : individuals) {
      const Objective fitness = seen_.at(individual);
      members.push_back({.individual = std::move(individual), .fitness = fitness});
    }
    return members;
  }

  /// `all` is sorted by fitness and may hold an individual twice, side by side.
  void survive(std::vector<Member> all) {
    all.erase(
        std::unique(all.begin(),
                    all.end(),
                    [](const Member& a, const Member& b) { return a.individual == b.individual; }),
        all.end());
    constexpr std::uint64_t kSelectionStream = ~0ULL;
    Random random(settings_.seed, static_cast<std::uint64_t>(generation_), kSelectionStream);
    const auto elites = std::min(all.size(), static_cast<std::size_t>(settings_.elites));
    members_.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(elites));
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(elites));
    while (!all.empty() && members_.size() < static_cast<std::size_t>(settings_.population)) {
      const std::size_t winner = tournament(all, 3, random);
      members_.push_back(std::move(all[winner]));
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(winner));
    }
    sort_by_fitness(members_);
  }

  const SearchStrategy& strategy_;
  const Fitness& fitness_;
  const SearchSettings& settings_;
  Clock::time_point started_ = Clock::now();
  std::map<Individual, Objective> seen_;
  std::vector<Member> members_;
  std::int64_t evaluations_ = 0;
  int generation_ = 0;
  int stagnant_ = 0;
};

}  // namespace

GenerationReport report_members(const std::vector<Member>& members) {
  GenerationReport report = {.best = members.front().fitness};
  double feasible = 0;
  for (const Member& member : members) {
    report.best = std::max(report.best, member.fitness);
    if (PlanEvaluator::feasible(member.fitness)) {
      feasible += 1;
      report.mean_score += member.fitness.score;
    }
  }
  report.mean_score /= std::max(1.0, feasible);
  report.feasible_share = feasible / static_cast<double>(members.size());
  return report;
}

SearchResult evolve(const SearchStrategy& strategy,
                    const Fitness& fitness,
                    const SearchSettings& settings,
                    const std::function<void(const GenerationReport&)>& on_generation,
                    const std::atomic<bool>& stop) {
  Evolution evolution(strategy, fitness, settings);
  evolution.start();
  on_generation(evolution.report());
  while (!evolution.done() && !stop) {
    evolution.step();
    on_generation(evolution.report());
  }
  return evolution.result();
}

}  // namespace hexgen
