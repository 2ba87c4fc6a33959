#pragma once

#include "profiles/random_stream.h"
#include "tests/simulator/systems.h"

// Random systems and workloads, hard enough to need every rule: preemption, rejection, chunks.
namespace hexgen::test {

inline StageCost random_stage(RandomStream& random) {
  StageCost stage = fixed_stage(0.001 + 0.01 * random.uniform());
  stage.gemms[0] = {.weights_s = 0.01 * random.uniform(),
                    .memory_s_per_row = 1e-6,
                    .compute_s_per_row = 1e-4 * random.uniform()};
  stage.lm_head = {.weights_s = 0.001, .compute_s_per_row = 1e-5};
  stage.kv_read_s_per_token = 1e-6 * random.uniform();
  stage.prefill_s_per_pair = 1e-7 * random.uniform();
  stage.handoff_s = random.below(2) == 0 ? 0 : 0.01 * random.uniform();
  stage.handoff_s_per_token = 1e-6;
  return stage;
}

inline ServingSystem random_system(RandomStream& random) {
  ServingSystem system;
  for (std::uint64_t r = 0; r <= random.below(3); ++r) {
    ReplicaModel replica = {.name = "r" + std::to_string(r),
                            .stages = {},
                            .weight = 0.5 + random.uniform(),
                            .max_batch = 1 + static_cast<int>(random.below(12)),
                            .kv_capacity_tokens = 64 + static_cast<int>(random.below(1500))};
    const std::uint64_t stages = 1 + (random.below(2) == 0 ? 0 : random.below(3));
    for (std::uint64_t s = 0; s < stages; ++s) {
      replica.stages.push_back(random_stage(random));
    }
    system.replicas.push_back(std::move(replica));
  }
  return system;
}

inline SimulationOptions random_options(RandomStream& random) {
  SimulationOptions options;
  options.policy = random.below(4) == 0 ? BatchPolicyKind::kOneBatch : BatchPolicyKind::kContinuous;
  options.router = static_cast<RouterKind>(random.below(4));
  options.max_batched_tokens = 1 + static_cast<int>(random.below(300));
  options.kv_block_tokens = 1 + static_cast<int>(random.below(20));
  options.kv_watermark = random.below(2) == 0 ? 0 : 0.1;
  options.async_scheduling = random.below(2) == 0;
  options.reuse_preempted_kv = random.below(2) == 0;
  options.record_token_gaps = true;
  return options;
}

inline Workload random_workload(RandomStream& random) {
  return {.name = "random",
          .arrivals = {.kind = static_cast<ArrivalProcess::Kind>(random.below(4)),
                       .rate_per_s = 0.2 + 40 * random.uniform(),
                       .burstiness = 0.2 + random.uniform(),
                       .requests = 100},
          .prompt_tokens = {.kind = TokenDistribution::Kind::kExponential, .mean = 60},
          .output_tokens = {.kind = TokenDistribution::Kind::kExponential, .mean = 50},
          .slo = {}};
}

struct RandomCase {
  explicit RandomCase(std::uint64_t seed)
      : random(seed, 7) {
    system = random_system(random);
    options = random_options(random);
    workload = random_workload(random);
  }

  SimulationResult play(bool fast_forward = true, ExecutionObserver* observer = nullptr) const {
    SimulationOptions chosen = options;
    chosen.fast_forward = fast_forward;
    return simulate(system, *generate_arrivals(workload, 1), chosen, observer);
  }

  RandomStream random;
  ServingSystem system;
  SimulationOptions options;
  Workload workload;
};

}  // namespace hexgen::test
