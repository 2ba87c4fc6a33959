#pragma once

#include <atomic>
#include <functional>

#include "planner/group_rates.h"
#include "planner/planning.h"
#include "planner/search.h"

namespace hexgen {

/// The search for large clusters, objective rate: packs the devices into groups whose rates, each
/// simulated alone, add up to the most. Rates of groups do not depend on each other, so parts of
/// the cluster are searched apart and at the same time. Each generation
/// - divides the nodes into blocks of near ones, other blocks each time;
/// - changes the groups inside each block by the moves of the evolutionary search, by threshold
///   accepting on estimated rates;
/// - simulates the groups found that are new, each alone, and keeps a block's change when the
///   simulated rates of its groups add up to more.
/// Only plans that are clearly better than the last one simulated are simulated as a whole.
class PackingSearch {
 public:
  /// Keeps references to both.
  PackingSearch(const Planning& planning, const SearchSettings& settings);

  /// Deterministic, as evolve().
  SearchResult run(const std::function<void(const GenerationReport&)>& on_generation,
                   const std::atomic<bool>& stop);

  /// One pipeline for each group that serves any request, with a share in proportion to its rate.
  Plan plan(const Individual& individual) const;

 private:
  /// Groups of one block before and after its search.
  struct Proposal {
    std::vector<DeviceGroup> before;
    std::vector<DeviceGroup> after;
  };

  void step();
  Proposal propose(const std::vector<int>& nodes, std::uint64_t stream) const;
  double total_rate(const std::vector<DeviceGroup>& groups) const;
  void simulate_plan();
  GenerationReport report() const;

  const Planning& planning_;
  const SearchSettings& settings_;
  GroupRates rates_;
  Individual current_;
  double current_per_s_ = 0;
  double simulated_per_s_ = 0;  // current_per_s_ of the last plan simulated as a whole
  Member best_;
  std::int64_t plans_ = 0;
  int generation_ = -1;
  int stagnant_ = 0;
};

}  // namespace hexgen
