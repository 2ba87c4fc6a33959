#pragma once

#include <string>
#include <vector>

#include "planner/search_options.h"

namespace hexgen {

/// What `hexgen-plan share` was asked on the command line.
struct ShareOptions {
  ShareOptions();

  std::vector<std::string> serve;  // "MODEL:WORKLOAD" or "MODEL:WORKLOAD:RATE"
  std::string out_dir;
  SearchOptions search;  // without model, workload and rate
};

void add_share_options(CLI::App& app, ShareOptions& options);

/// `hexgen-plan share`: divides a cluster among several models with their own workloads; writes a
/// plan for each, over the same cluster and on devices of its own. Throws InputError for bad inputs
/// and InfeasibleError when some model fits nowhere.
void run_share(const ShareOptions& options);

}  // namespace hexgen
