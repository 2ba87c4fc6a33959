#pragma once

#include <vector>

#include "planner/planning.h"
#include "planner/search.h"
#include "planner/search_options.h"
#include "profiles/input_file.h"

namespace hexgen {

/// The files a plan is made from; their hashes go into its provenance.
struct PlanningInputs {
  InputFile model;
  InputFile cluster;
  InputFile workload;
  std::vector<InputFile> profiles;
};

PlanningInputs load_planning_inputs(const SearchOptions& options);

/// What the command line asks for, over the cluster of the inputs with the measured profiles and
/// without excluded nodes. Throws InputError.
PlanningRequest planning_request(const SearchOptions& options, const PlanningInputs& inputs);

/// The same for a model and a cluster that are known already.
PlanningRequest planning_request(const SearchOptions& options,
                                 ModelSpec model,
                                 Cluster cluster,
                                 const InputFile& workload);

SearchSettings search_settings(const SearchOptions& options);

}  // namespace hexgen
