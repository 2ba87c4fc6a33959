#include "cost_models/price.h"

#include <set>

namespace hexgen {

double price_per_hour(const std::vector<Plan>& plans, const Cluster& cluster) {
  std::set<int> nodes;
  for (const Plan& plan : plans) {
    for (const PipelineGroup& pipeline : plan.pipelines()) {
      for (const Stage& stage : pipeline.stages) {
        for (const int device : stage.devices) {
          nodes.insert(cluster.device(device).node);
        }
      }
    }
  }
  double price = 0;
  for (const int node : nodes) {
    price += cluster.nodes()[static_cast<std::size_t>(node)].price_per_hour;
  }
  return price;
}

double price_per_hour(const Plan& plan, const Cluster& cluster) {
  return price_per_hour(std::vector<Plan>{plan}, cluster);
}

}  // namespace hexgen
