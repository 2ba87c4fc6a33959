#include "cost_models/plan_text.h"

#include <map>
#include <set>

namespace hexgen {
namespace {

std::string joined(const std::set<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : separator) + part;
  }
  return text;
}

}  // namespace

std::string place_of(const Cluster& cluster, const Stage& stage) {
  std::set<std::string> nodes;
  std::set<std::string> regions;
  for (const int device : stage.devices) {
    nodes.insert(cluster.node_of(device).name);
    regions.insert(cluster.node_of(device).region);
  }
  return joined(nodes, "+") + " (" + joined(regions, ", ") + ")";
}

std::string gpus_of(const Cluster& cluster, const Stage& stage) {
  std::map<std::string, int> count;
  for (const int device : stage.devices) {
    ++count[cluster.gpu_of(device).name];
  }
  std::set<std::string> parts;
  for (const auto& [name, gpus] : count) {
    parts.insert(std::to_string(gpus) + "x " + name);
  }
  return joined(parts, " + ");
}

}  // namespace hexgen
