#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "planner/evaluate.h"
#include "planner/selection.h"

namespace hexgen {

/// What distinguishes one search algorithm from another. Both functions are called from several
/// threads at once.
struct SearchStrategy {
  /// Generation 0: individual `index` of the population.
  std::function<Individual(Random& random)> start;
  /// A child of later generations; `members` are sorted by fitness, best first.
  std::function<Individual(const std::vector<Member>& members, Random& random)> breed;
  /// Belong to generation 0 besides.
  std::vector<Individual> seeds = {};
};

struct SearchSettings {
  std::uint64_t seed = 1;
  int threads = 0;  // 0: all cores
  int population = 64;
  int elites = 6;          // the best members, which survive as they are
  int generations = 1000;  // at most, after the first population
  int stagnation = 60;     // stop after so many generations without a better plan
  double time_limit_s = std::numeric_limits<double>::infinity();
};

/// State after one generation.
struct GenerationReport {
  int generation = 0;
  Objective best;
  double mean_score = 0;         // over the feasible members
  std::int64_t evaluations = 0;  // individuals simulated so far; repeats are not simulated again
  double feasible_share = 0;     // of the members
  int stagnant_generations = 0;
  double elapsed_s = 0;
};

/// Best, mean score and feasible share of `members`, which are not empty.
GenerationReport report_members(const std::vector<Member>& members);

struct SearchResult {
  Member best;
  std::int64_t evaluations = 0;
  int generations = 0;
};

/// The evolutionary loop. Each generation breeds `population` children, child i from the stream
/// (seed, generation, i), evaluates those not seen before in parallel, and lets the elites and, by
/// tournament without repeats, the fittest of the rest of parents and children survive.
/// Deterministic for a given number of generations, whatever the number of threads; a time limit or
/// `stop` ends it after a generation that depends on the machine. Throws nothing of its own.
SearchResult evolve(const SearchStrategy& strategy,
                    const Fitness& fitness,
                    const SearchSettings& settings,
                    const std::function<void(const GenerationReport&)>& on_generation,
                    const std::atomic<bool>& stop);

}  // namespace hexgen
