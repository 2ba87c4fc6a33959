#include "planner/near_weights.h"

#include "planner/assignment.h"

namespace hexgen {
namespace {

/// One rank of a stage that needs a device.
struct Seat {
  int* device = nullptr;
  DeviceShard shard;
};

/// Seats of each node that may be filled anew.
std::vector<std::vector<Seat>> seats_of(std::vector<PipelineGroup>& pipelines,
                                        const ModelSpec& model,
                                        const Cluster& cluster,
                                        const std::vector<bool>& stays) {
  std::vector<std::vector<Seat>> seats(static_cast<std::size_t>(cluster.num_nodes()));
  for (PipelineGroup& pipeline : pipelines) {
    for (Stage& stage : pipeline.stages) {
      const StagePosition position = {.first = &stage == &pipeline.stages.front(),
                                      .last = &stage == &pipeline.stages.back()};
      for (int rank = 0; rank < stage.tp_degree(); ++rank) {
        int& device = stage.devices[static_cast<std::size_t>(rank)];
        if (!stays[static_cast<std::size_t>(device)]) {
          seats[static_cast<std::size_t>(cluster.device(device).node)].push_back(
              {.device = &device, .shard = make_shard(model, stage, position, rank)});
        }
      }
    }
  }
  return seats;
}

void fill_seats(const std::vector<Seat>& seats,
                const std::vector<int>& devices,
                const ModelSpec& model,
                const HeldShards& held) {
  std::vector<std::vector<double>> bytes;
  for (const Seat& seat : seats) {
    bytes.emplace_back();
    for (const int device : devices) {
      bytes.back().push_back(
          missing_bytes(model, seat.shard, held[static_cast<std::size_t>(device)]));
    }
  }
  const std::vector<int> chosen = cheapest_assignment(bytes);
  for (std::size_t s = 0; s < seats.size(); ++s) {
    *seats[s].device = devices[static_cast<std::size_t>(chosen[s])];
  }
}

}  // namespace

Plan near_weights(const Plan& plan,
                  const ModelSpec& model,
                  const Cluster& cluster,
                  const HeldShards& held,
                  const std::vector<bool>& stays) {
  std::vector<PipelineGroup> pipelines = plan.pipelines();
  const auto seats = seats_of(pipelines, model, cluster, stays);
  for (int node = 0; node < cluster.num_nodes(); ++node) {
    std::vector<int> devices;
    for (int i = 0; i < cluster.nodes()[static_cast<std::size_t>(node)].gpus; ++i) {
      const int device = cluster.first_device(node) + i;
      if (!stays[static_cast<std::size_t>(device)]) {
        devices.push_back(device);
      }
    }
    fill_seats(seats[static_cast<std::size_t>(node)], devices, model, held);
  }
  return {std::move(pipelines), model.num_layers, cluster.num_devices()};
}

}  // namespace hexgen
