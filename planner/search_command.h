#pragma once

#include "planner/search_options.h"

namespace hexgen {

/// `hexgen-plan search`: reads the inputs, searches, writes the plan and the log. Ctrl-C ends the
/// search after the current generation and keeps the best plan; a second one kills the program.
/// Throws InputError for bad inputs and InfeasibleError when the model fits nowhere.
void run_search(const SearchOptions& options);

}  // namespace hexgen
