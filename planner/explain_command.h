#pragma once

#include <string>

#include "planner/search_options.h"

namespace hexgen {

/// What `hexgen-plan explain` was asked on the command line.
struct ExplainOptions {
  ExplainOptions();

  std::string plan;
  SearchOptions search;  // without model and cluster, which the plan has
};

void add_explain_options(CLI::App& app, ExplainOptions& options);

/// `hexgen-plan explain`: what binds, what one more GPU would be worth, what the runner-up was.
void run_explain(const ExplainOptions& options);

}  // namespace hexgen
