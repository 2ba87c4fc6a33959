#pragma once

#include "planner/evolution.h"

namespace hexgen {

/// When a plan gives way to its neighbour.
enum class WalkRule {
  kHillClimbing,  // when the neighbour is no worse; a walk that stays for long starts anew
  kAnnealing      // also when it is worse by a share d of the score, with probability exp(-d / T)
};

/// Baselines: one plan that changes step by step by the moves of our search, from a network-aware
/// start. As there, most neighbours are the best of three by `estimate`, and none is simulated
/// twice. A generation is `settings.population` steps, made one after the other; annealing cools T
/// geometrically over `settings.generations`. `settings.threads` and `elites` do not matter.
/// Reports show the present plan as the mean. Deterministic like evolve().
SearchResult local_search(WalkRule rule,
                          const SearchSpace& space,
                          const Estimate& estimate,
                          const Fitness& fitness,
                          const SearchSettings& settings,
                          const std::function<void(const GenerationReport&)>& on_generation,
                          const std::atomic<bool>& stop);

}  // namespace hexgen
