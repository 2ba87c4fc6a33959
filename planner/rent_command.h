#pragma once

#include <string>

#include "planner/search_options.h"

namespace hexgen {

/// What `hexgen-plan rent` was asked on the command line.
struct RentOptions {
  RentOptions();

  std::string offers;       // price list
  std::string cluster_out;  // empty: the cluster stands in the plan alone
  int rivals = 6;
  SearchOptions search;  // without a cluster; excluded "nodes" are offers
};

void add_rent_options(CLI::App& app, RentOptions& options);

/// `hexgen-plan rent`: which machines of a price list to rent for a workload, and the plan for
/// them. Throws InputError for bad inputs and InfeasibleError when no mix will do.
void run_rent(const RentOptions& options);

}  // namespace hexgen
