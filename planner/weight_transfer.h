#pragma once

#include <optional>
#include <vector>

#include "cost_models/device_shard.h"
#include "cost_models/plan.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"

namespace hexgen {

/// A device of a pipeline that ran before but is lost.
inline constexpr int kLostDevice = -1;

/// [device]: the shard of the model that it holds, if any.
using HeldShards = std::vector<std::optional<DeviceShard>>;

/// What devices hold that ran these pipelines, in which lost ones are kLostDevice.
HeldShards held_shards(const ModelSpec& model,
                       const std::vector<PipelineGroup>& before,
                       int num_devices);

/// Bytes of one whole copy.
double copy_bytes(const ModelSpec& model);

/// Bytes of `wanted` that a device does not hold.
double missing_bytes(const ModelSpec& model,
                     const DeviceShard& wanted,
                     const std::optional<DeviceShard>& held);

/// Bytes that all devices together must load before they can run the plan.
double bytes_to_load(const ModelSpec& model, const Plan& plan, const HeldShards& held);

/// Part of what a device loads.
struct LoadSource {
  int node = -1;  // -1: no stage is left that holds it, so it comes from where models are stored
  double bytes = 0;
};

/// What one device loads, and from where it may come.
struct DeviceLoad {
  int device = -1;
  double bytes = 0;
  std::vector<LoadSource> sources;  // by node
};

/// All that crosses from one node to another (or between devices of one), one after the other.
struct NodeTransfer {
  int from_node = -1;
  int to_node = -1;
  double bytes = 0;
  double time_s = 0;
};

struct WeightTransfer {
  std::vector<DeviceLoad> loads;        // devices that load something, in order
  std::vector<NodeTransfer> transfers;  // by sender, then by receiver
  double bytes = 0;
  double bytes_from_storage = 0;

  /// All links work at the same time, so this one ends last. Null when nothing crosses a link.
  const NodeTransfer* slowest() const;
};

/// Every layer, embedding and LM head that a device lacks comes from a stage of `before` that holds
/// it and lost no device: of several the one from which it would be there first, after what was
/// sent over the same link before.
WeightTransfer weight_transfer(const Plan& plan,
                               const ModelSpec& model,
                               const Cluster& cluster,
                               const std::vector<PipelineGroup>& before);

}  // namespace hexgen
