#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cost_models/memory.h"
#include "cost_models/stage_cost.h"
#include "planner/stage_tables.h"

// Every layout of a small group, built stage by stage and priced by the cost models themselves:
// nothing of phase 1 is used.
namespace hexgen::test {

struct OracleBest {
  std::optional<double> latency_s;
  std::optional<double> bottleneck_s;
};

class LayoutOracle {
 public:
  LayoutOracle(const ModelSpec& model,
               const Cluster& cluster,
               const LayoutTargets& targets,
               std::int64_t min_kv_tokens)
      : model_(model),
        cluster_(cluster),
        targets_(targets),
        min_kv_tokens_(min_kv_tokens) {}

  OracleBest best(const DeviceGroup& group, double max_stage_s) {
    best_ = {};
    max_stage_s_ = max_stage_s;
    left_ = group;
    pipeline_ = {};
    extend(0);
    return best_;
  }

 private:
  void extend(int layers_done) {
    if (layers_done == model_.num_layers) {
      judge();
      return;
    }
    for (NodeShare& share : left_) {
      for (int tp = 1; tp <= share.devices; ++tp) {
        for (int layers = 1; layers <= model_.num_layers - layers_done; ++layers) {
          Stage stage = {.first_layer = layers_done, .num_layers = layers};
          for (int d = 0; d < tp; ++d) {
            stage.devices.push_back(cluster_.first_device(share.node) + share.devices - 1 - d);
          }
          pipeline_.stages.push_back(stage);
          share.devices -= tp;
          extend(layers_done + layers);
          share.devices += tp;
          pipeline_.stages.pop_back();
        }
      }
    }
  }

  bool symmetric() const {
    int fewest = model_.num_layers;
    int most = 0;
    for (const Stage& stage : pipeline_.stages) {
      fewest = std::min(fewest, stage.num_layers);
      most = std::max(most, stage.num_layers);
      if (stage.tp_degree() != pipeline_.stages.front().tp_degree()) {
        return false;
      }
    }
    return most - fewest <= 1;
  }

  void judge() {
    const auto memory = pipeline_memory(model_, cluster_, pipeline_, targets_.memory);
    if (kv_capacity_tokens(memory) < min_kv_tokens_ || (targets_.symmetric && !symmetric())) {
      return;
    }
    const std::vector<StageCost> costs =
        pipeline_cost(model_, cluster_, pipeline_, targets_.tables);
    double slowest_s = 0;
    for (const StageCost& cost : costs) {
      slowest_s = std::max(slowest_s, cost.iteration_s(targets_.iteration));
    }
    best_.bottleneck_s = std::min(best_.bottleneck_s.value_or(slowest_s), slowest_s);
    if (slowest_s <= max_stage_s_) {
      const double latency_s =
          request_latency(costs, targets_.prompt_tokens, targets_.output_tokens, targets_.batch)
              .total_s();
      best_.latency_s = std::min(best_.latency_s.value_or(latency_s), latency_s);
    }
  }

  const ModelSpec& model_;
  const Cluster& cluster_;
  const LayoutTargets& targets_;
  std::int64_t min_kv_tokens_;
  double max_stage_s_ = 0;
  DeviceGroup left_;
  PipelineGroup pipeline_;
  OracleBest best_;
};

}  // namespace hexgen::test
