#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "runner/cpu/cpu_backend.h"
#include "runner/engine/generation.h"
#include "runner/engine/local_pipeline.h"
#include "tests/support/clusters.h"

namespace hexgen::test {

/// A stage of a test pipeline.
struct StageSize {
  int num_layers = 0;
  int tp_degree = 1;
};

/// One pipeline over as many equal devices as it needs, in nodes of two: so hand-offs go inside
/// nodes and between them.
inline PipelineSetup cpu_pipeline(const ModelSpec& model,
                                  const WeightSource& weights,
                                  const std::vector<StageSize>& stages,
                                  SchedulerLimits limits = {}) {
  PipelineSetup setup = {.model = model, .limits = limits, .weights = &weights};
  int layer = 0;
  int device = 0;
  for (const StageSize& size : stages) {
    Stage stage = {.first_layer = layer, .num_layers = size.num_layers};
    for (int rank = 0; rank < size.tp_degree; ++rank) {
      stage.devices.push_back(device++);
    }
    layer += size.num_layers;
    setup.pipeline.stages.push_back(std::move(stage));
  }
  const std::vector<std::pair<int, int>> nodes(static_cast<std::size_t>(device + 1) / 2, {0, 2});
  setup.cluster = round_cluster({round_gpu("host", 1)}, nodes);
  setup.limits.micro_batches = std::max(limits.micro_batches, static_cast<int>(stages.size()));
  if (setup.limits.kv_blocks == 0) {
    setup.limits.kv_blocks = 64;
  }
  return setup;
}

inline std::vector<Generation> generate_on_cpu(const PipelineSetup& setup,
                                               const std::vector<GenerationRequest>& requests) {
  std::vector<Generation> generations;
  const double deadline_s = 60;
  run_local_pipeline(
      setup,
      [](int, int) { return std::make_unique<CpuBackend>(); },
      deadline_s,
      [&](PipelineRank& driver) { generations = generate(driver, setup.limits, requests); });
  return generations;
}

}  // namespace hexgen::test
