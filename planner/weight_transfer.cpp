#include "planner/weight_transfer.h"

#include <algorithm>
#include <map>
#include <set>

namespace hexgen {
namespace {

StagePosition position_of(const PipelineGroup& pipeline, std::size_t stage) {
  return {.first = stage == 0, .last = stage + 1 == pipeline.stages.size()};
}

/// Calls visit(device, shard) for every rank of every stage.
template <typename Visit>
void for_each_shard(const ModelSpec& model,
                    const std::vector<PipelineGroup>& pipelines,
                    const Visit& visit) {
  for (const PipelineGroup& pipeline : pipelines) {
    for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
      const Stage& stage = pipeline.stages[s];
      for (int rank = 0; rank < stage.tp_degree(); ++rank) {
        visit(stage.devices[static_cast<std::size_t>(rank)],
              make_shard(model, stage, position_of(pipeline, s), rank));
      }
    }
  }
}

/// The shard in parts that travel on their own: the layers one by one, the embedding and the LM
/// head; a tied embedding that serves as both is one part.
std::vector<DeviceShard> parts_of(const ModelSpec& model, const DeviceShard& shard) {
  std::vector<DeviceShard> parts;
  DeviceShard layer = shard;
  layer.position = {.first = false, .last = false};
  layer.embedding_rows = {};
  layer.lm_head_rows = {};
  for (int l = shard.layers.first; l < shard.layers.end(); ++l) {
    layer.layers = {l, 1};
    parts.push_back(layer);
  }
  DeviceShard ends = shard;
  ends.layers = {};
  if (model.tied_embeddings && shard.position.first && shard.position.last) {
    parts.push_back(ends);
    return parts;
  }
  if (shard.position.first) {
    parts.push_back(ends);
    parts.back().position.last = false;
    parts.back().lm_head_rows = {};
  }
  if (shard.position.last) {
    parts.push_back(ends);
    parts.back().position.first = false;
    parts.back().embedding_rows = {};
  }
  return parts;
}

/// Where each layer, the embedding and the LM head can be read.
class Holders {
 public:
  Holders(const std::vector<PipelineGroup>& before, const Cluster& cluster) {
    for (const PipelineGroup& pipeline : before) {
      for (std::size_t s = 0; s < pipeline.stages.size(); ++s) {
        const Stage& stage = pipeline.stages[s];
        const auto& devices = stage.devices;
        if (std::find(devices.begin(), devices.end(), kLostDevice) == devices.end()) {
          add(stage, position_of(pipeline, s), cluster);
        }
      }
    }
  }

  /// Nodes with a device of a stage that holds the part, in order.
  std::set<int> nodes_with(const DeviceShard& part) const {
    std::set<int> nodes;
    for (const Holder& holder : holders_) {
      const bool has_layers = overlap(holder.layers, part.layers).count == part.layers.count;
      const bool has_ends = (!part.position.first || holder.position.first) &&
                            (!part.position.last || holder.position.last);
      if (has_layers && has_ends) {
        nodes.insert(holder.nodes.begin(), holder.nodes.end());
      }
    }
    return nodes;
  }

 private:
  struct Holder {
    IndexRange layers;
    StagePosition position;
    std::set<int> nodes;
  };

  void add(const Stage& stage, StagePosition position, const Cluster& cluster) {
    Holder holder = {
        .layers = {stage.first_layer, stage.num_layers}, .position = position, .nodes = {}};
    for (const int device : stage.devices) {
      holder.nodes.insert(cluster.device(device).node);
    }
    holders_.push_back(std::move(holder));
  }

  std::vector<Holder> holders_;
};

/// Sends parts one by one, each over the link on which it would arrive first.
class Sender {
 public:
  Sender(const Cluster& cluster, const Holders& holders)
      : cluster_(cluster),
        holders_(holders) {}

  /// The node that sends it, -1 when none can.
  int send(const DeviceShard& part, double bytes, int to_node) {
    int best = -1;
    double earliest_s = 0;
    for (const int node : holders_.nodes_with(part)) {
      const double arrival_s = link(node, to_node).transfer_s(sent_[{node, to_node}] + bytes);
      if (best < 0 || arrival_s < earliest_s) {
        best = node;
        earliest_s = arrival_s;
      }
    }
    if (best >= 0) {
      sent_[{best, to_node}] += bytes;
    }
    return best;
  }

  std::vector<NodeTransfer> transfers() const {
    std::vector<NodeTransfer> transfers;
    for (const auto& [nodes, bytes] : sent_) {
      if (bytes > 0) {
        transfers.push_back({.from_node = nodes.first,
                             .to_node = nodes.second,
                             .bytes = bytes,
                             .time_s = link(nodes.first, nodes.second).transfer_s(bytes)});
      }
    }
    return transfers;
  }

 private:
  const Link& link(int from, int to) const {
    return from == to ? cluster_.intra_link_of(from).link : cluster_.node_link(from, to);
  }

  const Cluster& cluster_;
  const Holders& holders_;
  std::map<std::pair<int, int>, double> sent_;  // [from, to]: bytes
};

DeviceLoad load_device(int device,
                       const DeviceShard& wanted,
                       const std::optional<DeviceShard>& held,
                       const ModelSpec& model,
                       const Cluster& cluster,
                       Sender& sender) {
  std::map<int, double> from;
  DeviceLoad load = {.device = device, .bytes = 0, .sources = {}};
  for (const DeviceShard& part : parts_of(model, wanted)) {
    const double bytes = missing_bytes(model, part, held);
    if (bytes > 0) {
      from[sender.send(part, bytes, cluster.device(device).node)] += bytes;
      load.bytes += bytes;
    }
  }
  for (const auto& [node, bytes] : from) {
    load.sources.push_back({.node = node, .bytes = bytes});
  }
  return load;
}

}  // namespace

HeldShards held_shards(const ModelSpec& model,
                       const std::vector<PipelineGroup>& before,
                       int num_devices) {
  HeldShards held(static_cast<std::size_t>(num_devices));
  for_each_shard(model, before, [&](int device, const DeviceShard& shard) {
    if (device != kLostDevice) {
      held[static_cast<std::size_t>(device)] = shard;
    }
  });
  return held;
}

double copy_bytes(const ModelSpec& model) {
  const Stage everything = {.first_layer = 0, .num_layers = model.num_layers, .devices = {0}};
  return shard_weight_bytes(model, make_shard(model, everything, StagePosition{}, 0));
}

double missing_bytes(const ModelSpec& model,
                     const DeviceShard& wanted,
                     const std::optional<DeviceShard>& held) {
  const double bytes = shard_weight_bytes(model, wanted);
  return held ? bytes - shard_weight_bytes(model, common_part(wanted, *held)) : bytes;
}

double bytes_to_load(const ModelSpec& model, const Plan& plan, const HeldShards& held) {
  double bytes = 0;
  for_each_shard(model, plan.pipelines(), [&](int device, const DeviceShard& shard) {
    bytes += missing_bytes(model, shard, held[static_cast<std::size_t>(device)]);
  });
  return bytes;
}

const NodeTransfer* WeightTransfer::slowest() const {
  const auto slowest = std::max_element(
      transfers.begin(), transfers.end(), [](const NodeTransfer& a, const NodeTransfer& b) {
        return a.time_s < b.time_s;
      });
  return slowest == transfers.end() ? nullptr : &*slowest;
}

WeightTransfer weight_transfer(const Plan& plan,
                               const ModelSpec& model,
                               const Cluster& cluster,
                               const std::vector<PipelineGroup>& before) {
  const HeldShards held = held_shards(model, before, cluster.num_devices());
  const Holders holders(before, cluster);
  Sender sender(cluster, holders);
  WeightTransfer transfer;
  for_each_shard(model, plan.pipelines(), [&](int device, const DeviceShard& wanted) {
    DeviceLoad load =
        load_device(device, wanted, held[static_cast<std::size_t>(device)], model, cluster, sender);
    if (load.bytes > 0) {
      transfer.bytes += load.bytes;
      if (load.sources.front().node < 0) {
        transfer.bytes_from_storage += load.sources.front().bytes;
      }
      transfer.loads.push_back(std::move(load));
    }
  });
  std::sort(transfer.loads.begin(),
            transfer.loads.end(),
            [](const DeviceLoad& a, const DeviceLoad& b) { return a.device < b.device; });
  transfer.transfers = sender.transfers();
  return transfer;
}

}  // namespace hexgen
