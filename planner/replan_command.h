#pragma once

#include <string>
#include <vector>

#include "planner/search_options.h"

namespace hexgen {

/// What `hexgen-plan replan` was asked on the command line.
struct ReplanOptions {
  ReplanOptions();

  std::string plan;
  std::vector<std::string> lost;  // "node" or "node:index"
  std::string joined;             // cluster file; empty: none
  double copy_cost = 0.02;        // share of the old plan's score that a loaded copy must gain
  SearchOptions search;           // without model and cluster, which the plan has
};

void add_replan_options(CLI::App& app, ReplanOptions& options);

/// `hexgen-plan replan`: changes a plan after machines were lost or joined, and reports what has to
/// be loaded and how requests fare before, during and after. Throws InputError for bad inputs and
/// InfeasibleError when what is left cannot hold the model.
void run_replan(const ReplanOptions& options);

}  // namespace hexgen
