#pragma once

#include <atomic>
#include <functional>

#include "planner/planning.h"
#include "planner/search.h"
#include "planner/weight_transfer.h"

namespace hexgen {

/// A search that starts from the pipelines that Planning knows as running, and takes into account
/// what devices must load to change them. Otherwise the evolutionary search with its moves.
class WarmSearch {
 public:
  /// `held`: what the devices of planning's cluster hold. `score_per_byte`: what the score must
  /// gain for a byte to be loaded; 0: bytes only decide between plans of equal score. Keeps a
  /// reference to `planning`.
  WarmSearch(const Planning& planning, HeldShards held, double score_per_byte);

  /// The running pipelines as they are; all other devices are idle.
  Individual start() const;

  /// Planning's plan, on those devices of its nodes that hold most of what they need.
  Plan plan(const Individual& individual) const;

  /// Planning's fitness without what the bytes to load cost; plans that miss the target or break a
  /// constraint pay nothing, so that they are left first.
  Objective fitness(const Individual& individual) const;

  /// `fitness`: as a rule the one above.
  SearchResult run(const Fitness& fitness,
                   const SearchSettings& settings,
                   const std::function<void(const GenerationReport&)>& on_generation,
                   const std::atomic<bool>& stop) const;

 private:
  double estimate(const Individual& individual) const;
  Individual random_start(Random& random) const;
  Plan keep_equal(const Plan& plan) const;

  const Planning& planning_;
  HeldShards held_;
  double score_per_byte_;
  SearchSpace space_;
};

}  // namespace hexgen
