#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "planner/planning.h"
#include "planner/search.h"
#include "profiles/price_list.h"

namespace hexgen {

/// A mix of machines that was looked at.
struct TriedMix {
  std::vector<int> machines;  // [offer]
  double price_per_hour = 0;
  double expected_per_s = 0;  // requests within the limits, by the estimate
  Objective fitness;          // of the best plan found on it; objective cost: SLO attainment
  bool meets = false;         // the target attainment at the workload's rate
};

struct RentSettings {
  SearchSettings search;  // of the final plan; mixes are tried with less
  int rivals = 6;         // mixes that the best one is compared with in the end
};

/// What to rent and how to use it.
struct Rented {
  std::vector<int> machines;  // [offer]
  Cluster cluster;            // these machines
  Plan plan;                  // over the cluster
  std::vector<TriedMix> tried;
  std::int64_t evaluations = 0;  // plans simulated
};

/// The machines of the list to rent for `request`, whose cluster is not read. Objective cost: the
/// cheapest that keep the target attainment at the workload's rate, within the budget if there is
/// one. Others: the best within the budget, or of all machines.
///
/// Mixes are proposed by best_mixes() from the rates that machine_bundles() expects, so machines of
/// one offer are only ever counted, and judged by the simulation of the best plan that a short
/// search over the mix finds. Cost: the budget is bisected, then the mixes with the highest
/// expected rates that would be cheaper are tried until all fail. Others: the mixes with the
/// highest expected rates within the budget are compared. Machines that the final plan leaves idle
/// are not rented. Throws InfeasibleError.
Rented rent(const PriceList& list,
            const PlanningRequest& request,
            const RentSettings& settings,
            const std::function<void(const TriedMix&)>& on_trial,
            const std::atomic<bool>& stop);

}  // namespace hexgen
