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

/// One process takes all ranks; with several, process k takes the k-th of the nodes that the
/// pipeline uses, in the order of the cluster. Throws InputError when there are neither as many
/// processes as nodes nor one.
ProcessLayout lay_out_processes(const PipelineGroup& pipeline,
                                const Cluster& cluster,
                                int num_processes);

}  // namespace hexgen
