#pragma once

#include <cstdint>
#include <vector>

#include "planner/device_group.h"
#include "planner/service_estimate.h"
#include "planner/stage_tables.h"

namespace hexgen {

/// One layout of a group.
struct PipelineLayout {
  std::vector<PlacedStage> stages;
  int max_batch = 1;  // by memory and, where they can be met, by the limits
  std::int64_t kv_capacity_tokens = 0;
};

/// A layout with a number of requests in flight.
struct OperatingPoint {
  std::size_t layout = 0;
  int batch = 1;
  double request_s = 0;       // of a mean request
  double capacity_per_s = 0;  // requests
};

/// What a group can do. Of the points, none is better than another in both latency and capacity;
/// they rise in both. All meet the limits on TTFT and TPOT; a group that cannot has `meets` false
/// and one point, that of lowest latency. No layouts: nothing fits.
struct PipelineChoices {
  std::vector<PipelineLayout> layouts;
  std::vector<OperatingPoint> points;
  bool meets = false;
};

/// Finds what groups can do. Layouts are the fronts of lowest latency and lowest bottleneck for
/// several batch sizes, with KV room for the batch. Thread-safe.
class PipelineChooser {
 public:
  /// Keeps references to `model` and `cluster`.
  PipelineChooser(const ModelSpec& model, const Cluster& cluster, const ServiceTarget& target);

  /// Depends only on what the group's nodes are and how they are linked, not on which nodes they
  /// are.
  PipelineChoices choices(const DeviceGroup& group) const;

  /// What a pipeline can do as it is, with at most its max_batch requests in flight: one layout,
  /// without stages.
  PipelineChoices choices_of(const PipelineGroup& pipeline) const;

  /// Largest share of the model's layers that one device of the node can hold, beside the KV cache
  /// of the longest request.
  double model_share(int node) const;

  /// Most layers that one pipeline over the group can hold.
  int most_layers(const DeviceGroup& group) const;

 private:
  struct BatchLevel {
    std::int64_t min_kv_tokens = 0;
    StageTables tables;
  };

  std::vector<Layout> layouts(const LayoutProblem& problem) const;
  void add_layout(const std::vector<PlacedStage>& stages,
                  const DeviceGroup& group,
                  PipelineChoices& choices,
                  OperatingPoint& fastest) const;
  int add_points(const PipelineGroup& pipeline,
                 PipelineChoices& choices,
                 OperatingPoint& fastest) const;

  const ModelSpec& model_;
  const Cluster& cluster_;
  ServiceTarget target_;
  std::vector<BatchLevel> levels_;
};

}  // namespace hexgen
