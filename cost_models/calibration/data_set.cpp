#include "cost_models/calibration/data_set.h"

#include <numeric>

namespace hexgen {

StageCost cost_with(const Constants& constants,
                    const ModelSpec& model,
                    GpuType gpu,
                    int tp_degree,
                    int num_layers,
                    StagePosition position) {
  gpu.efficiency = constants.gpu;
  const Node node = {.name = "node", .region = "here", .gpus = tp_degree};
  const Cluster cluster("calibration", {std::move(gpu)}, {constants.link}, {node}, {Link{}});
  std::vector<int> devices(static_cast<std::size_t>(tp_degree));
  std::iota(devices.begin(), devices.end(), 0);
  return stage_cost(model, cluster, devices, num_layers, position, {});
}

}  // namespace hexgen
