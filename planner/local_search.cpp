#include "planner/local_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "planner/population.h"
#include "planner/repair.h"
#include "profiles/portable_math.h"

namespace hexgen {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kUnscreened = 0.3;  // as in our search
constexpr int kRivals = 3;
constexpr double kFurtherMove = 0.3;
constexpr int kMaxMoves = 3;
constexpr int kPatience = 100;     // steps without a better plan after which climbing starts anew
constexpr double kHottest = 0.03;  // share of the score
constexpr double kColdest = 0.001;

Individual neighbour_of(const Individual& individual, const SearchSpace& space, Random& random) {
  Individual changed = individual;
  make_one_move(changed, space, random);
  for (int moves = 1; moves < kMaxMoves && random.chance(kFurtherMove); ++moves) {
    make_one_move(changed, space, random);
  }
  repair(changed, space, random);
  return changed;
}

Individual promising_neighbour(const Individual& individual,
                               const SearchSpace& space,
                               const Estimate& estimate,
                               Random& random) {
  Individual best = neighbour_of(individual, space, random);
  if (random.chance(kUnscreened)) {
    return best;
  }
  for (int rival = 1; rival < kRivals; ++rival) {
    Individual other = neighbour_of(individual, space, random);
    if (estimate(other) > estimate(best)) {
      best = std::move(other);
    }
  }
  return best;
}

class Walk {
 public:
  Walk(WalkRule rule,
       const SearchSpace& space,
       const Estimate& estimate,
       const Fitness& fitness,
       const SearchSettings& settings)
      : rule_(rule),
        space_(space),
        estimate_(estimate),
        fitness_(fitness),
        settings_(settings) {
    Random random(settings_.seed, 0, 0);
    start(random);
    best_ = present_;
  }

  void generation() {
    const Objective best_before = best_.fitness;
    ++generation_;
    for (int step = 0; step < settings_.population; ++step) {
      Random random(settings_.seed,
                    static_cast<std::uint64_t>(generation_),
                    static_cast<std::uint64_t>(step));
      make_step(random);
    }
    stagnant_ = best_.fitness > best_before ? 0 : stagnant_ + 1;
  }

  GenerationReport report() const {
    GenerationReport report = report_members({present_});
    report.generation = generation_;
    report.best = best_.fitness;
    report.evaluations = evaluations();
    report.stagnant_generations = stagnant_;
    report.elapsed_s = elapsed_s();
    return report;
  }

  bool done() const {
    return generation_ >= settings_.generations || stagnant_ >= settings_.stagnation ||
           elapsed_s() >= settings_.time_limit_s;
  }

  SearchResult result() const {
    return {.best = best_, .evaluations = evaluations(), .generations = generation_};
  }

 private:
  double elapsed_s() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

  std::int64_t evaluations() const { return static_cast<std::int64_t>(seen_.size()); }

  Member evaluated(Individual individual) {
    auto found = seen_.find(individual);
    if (found == seen_.end()) {
      found = seen_.emplace(individual, fitness_(individual)).first;
    }
    return {.individual = std::move(individual), .fitness = found->second};
  }

  void start(Random& random) {
    present_ = evaluated(network_aware_individual(space_, random));
    climbed_to_ = present_.fitness;
    steps_without_gain_ = 0;
  }

  void make_step(Random& random) {
    Member next = evaluated(promising_neighbour(present_.individual, space_, estimate_, random));
    if (accepts(next.fitness, random)) {
      present_ = std::move(next);
    }
    steps_without_gain_ = present_.fitness > climbed_to_ ? 0 : steps_without_gain_ + 1;
    climbed_to_ = std::max(climbed_to_, present_.fitness);
    if (rule_ == WalkRule::kHillClimbing && steps_without_gain_ >= kPatience) {
      start(random);
    }
    if (present_.fitness > best_.fitness) {
      best_ = present_;
    }
  }

  bool accepts(const Objective& next, Random& random) const {
    if (!(next < present_.fitness)) {
      return true;
    }
    if (rule_ == WalkRule::kHillClimbing) {
      return false;
    }
    const double worse = (present_.fitness.score - next.score) / std::abs(present_.fitness.score);
    constexpr double kHopeless = 50;  // e^-50 never happens
    return worse < kHopeless * temperature() && random.chance(portable_exp(-worse / temperature()));
  }

  double temperature() const {
    const double done = static_cast<double>(generation_) / settings_.generations;
    return kHottest * portable_exp(done * portable_log(kColdest / kHottest));
  }

  WalkRule rule_;
  const SearchSpace& space_;
  const Estimate& estimate_;
  const Fitness& fitness_;
  const SearchSettings& settings_;
  Clock::time_point started_ = Clock::now();
  std::map<Individual, Objective> seen_;
  Member present_;
  Member best_;
  Objective climbed_to_;  // since the start
  int steps_without_gain_ = 0;
  int generation_ = 0;
  int stagnant_ = 0;
};

}  // namespace

SearchResult local_search(WalkRule rule,
                          const SearchSpace& space,
                          const Estimate& estimate,
                          const Fitness& fitness,
                          const SearchSettings& settings,
                          const std::function<void(const GenerationReport&)>& on_generation,
                          const std::atomic<bool>& stop) {
  Walk walk(rule, space, estimate, fitness, settings);
  on_generation(walk.report());
  while (!walk.done() && !stop) {
    walk.generation();
    on_generation(walk.report());
  }
  return walk.result();
}

}  // namespace hexgen
