#include "runner/profiler/step_measurement.h"

#include "runner/bench/pipeline_bench.h"
#include "runner/cuda/cuda_backend.h"
#include "runner/engine/local_pipeline.h"
#include "runner/weights/random_weights.h"

namespace hexgen {
namespace {

/// Its matrices take no time, its vocabulary is one to draw from.
ModelSpec tiny_model(int layers) {
  return {.name = "tiny",
          .num_layers = layers,
          .hidden_dim = 64,
          .ffn_dim = 64,
          .num_heads = 1,
          .num_kv_heads = 1,
          .head_dim = 64,
          .vocab_size = 32000};
}

PipelineSetup setup_of(const BenchWork& work, int layers, const WeightSource& weights) {
  return {.model = tiny_model(layers),
          .pipeline = {.stages = {{.first_layer = 0, .num_layers = layers, .devices = {0}}}},
          .cluster = Cluster("profile",
                             {GpuType{.name = "GPU"}},
                             {LinkType{.name = "none"}},
                             {Node{.name = "here", .region = "here", .gpus = 1}},
                             {Link{}}),
          .limits = bench_limits({work}, 1, work.prompt_tokens),
          .weights = &weights};
}

Timing measure_step(const ProfiledDevice& device, int layers, const WeightSource& weights) {
  constexpr double kDeadlineS = 60;
  constexpr int kIterations = 3;
  const BenchWork work = {.batch = 1, .prompt_tokens = 16, .output_tokens = 128};
  const PipelineSetup setup = setup_of(work, layers, weights);
  const auto make_backend = [&](int, int) {
    return make_cuda_backend(device.gpu, {.sm_limit = device.sm_limit});
  };
  Timing step;
  run_local_pipeline(setup, make_backend, kDeadlineS, [&](PipelineRank& driver) {
    step = bench(driver, setup, work, kIterations).decode_step;
  });
  return step;
}

}  // namespace

std::vector<StepTiming> measure_steps(const ProfiledDevice& device) {
  const RandomWeights weights(1);
  std::vector<StepTiming> timings;
  for (const int layers : {1, 4, 8}) {
    timings.push_back({layers, measure_step(device, layers, weights)});
  }
  return timings;
}

}  // namespace hexgen
