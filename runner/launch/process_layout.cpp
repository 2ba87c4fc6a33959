#include "runner/launch/process_layout.h"

#include <algorithm>
#include <iterator>

#include "profiles/errors.h"
#include "profiles/names.h"

namespace hexgen {
namespace {

std::vector<int> nodes_of_ranks(const PipelineGroup& pipeline, const Cluster& cluster) {
  std::vector<int> nodes;
  for (const Stage& stage : pipeline.stages) {
    for (const int device : stage.devices) {
      nodes.push_back(cluster.device(device).node);
    }
  }
  return nodes;
}

}  // namespace

ProcessLayout lay_out_processes(const PipelineGroup& pipeline,
                                const Cluster& cluster,
                                int num_processes) {
  const std::vector<int> node_of_rank = nodes_of_ranks(pipeline, cluster);
  std::vector<int> nodes;
  for (const int node : node_of_rank) {
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) {
      nodes.push_back(node);
    }
  }
  ProcessLayout layout;
  for (const int node : nodes) {
    layout.nodes.push_back(cluster.nodes()[static_cast<std::size_t>(node)].name);
  }
  if (num_processes == 1) {
    layout.nodes = {join(layout.nodes)};
    layout.process_of_rank.assign(node_of_rank.size(), 0);
    return layout;
  }
  if (num_processes != std::ssize(nodes)) {
    throw InputError("pipeline " + pipeline.name + " needs one process for each of its " +
                     std::to_string(nodes.size()) + " nodes (" + join(layout.nodes) +
                     ") or one for all, not " + std::to_string(num_processes));
  }
  for (const int node : node_of_rank) {
    const auto process = std::find(nodes.begin(), nodes.end(), node) - nodes.begin();
    layout.process_of_rank.push_back(static_cast<int>(process));
  }
  return layout;
}

}  // namespace hexgen
