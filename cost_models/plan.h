#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hexgen {

/// Consecutive layers on one tensor-parallel group; devices are ids of the cluster, the first one
/// leads.
struct Stage {
  int first_layer = 0;
  int num_layers = 0;
  std::vector<int> devices;
  std::vector<int>
      shares;  // of heads, FFN columns and vocabulary, relative, by device; empty: even

  int tp_degree() const { return static_cast<int>(devices.size()); }

  bool operator==(const Stage&) const = default;
};

/// Ordered stages that hold one whole model: one replica.
struct PipelineGroup {
  std::string name;
  double weight = 1.0;  // share of the requests sent here, relative to the other groups
  int max_batch = 1;    // requests in flight at most
  std::int64_t kv_capacity_tokens = 0;
  std::vector<Stage> stages;

  bool operator==(const PipelineGroup&) const = default;
};

/// Which devices serve which layers. Invariants, checked when a plan is made: every pipeline covers
/// the layers 0..num_layers-1 exactly once and in order, every stage has a device and a layer,
/// every device is used at most once, shares are positive and there is one for each device.
class Plan {
 public:
  Plan() = default;

  /// Throws InputError naming the pipeline and stage at fault: `pipelines[1].stages[2].first_layer:
  /// 50 is not 48`.
  Plan(std::vector<PipelineGroup> pipelines, int num_layers, int num_devices);

  const std::vector<PipelineGroup>& pipelines() const { return pipelines_; }

  bool empty() const { return pipelines_.empty(); }

  /// True when stages of some pipeline differ in TP degree or number of layers.
  bool asymmetric() const;

  bool operator==(const Plan&) const = default;

 private:
  std::vector<PipelineGroup> pipelines_;
};

/// The largest share of a device in a stage.
inline constexpr int kLargestShare = 1000;

/// "pipelines[1].stages[2]", as errors name it.
std::string stage_path(std::size_t pipeline, std::size_t stage);

}  // namespace hexgen
