#pragma once

#include <string>
#include <vector>

#include "cost_models/plan.h"
#include "profiles/cluster.h"

namespace hexgen {

/// Which process runs which ranks of a pipeline. Ranks count through the stages.
struct ProcessLayout {
  std::vector<std::string> nodes;    // by process
  std::vector<int> process_of_rank;  // by rank
};

/// One process takes all ranks; with several, process k takes the k-th node, in the order in which
/// the stages name them, so that the first rank is on process 0. Throws InputError when there are
/// neither as many processes as nodes nor one.
ProcessLayout lay_out_processes(const PipelineGroup& pipeline,
                                const Cluster& cluster,
                                int num_processes);

}  // namespace hexgen
