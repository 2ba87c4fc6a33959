#pragma once

#include <vector>

#include "simulator/simulation.h"

// Servers with chosen times, so that expectations can be worked out by hand.
namespace hexgen::test {

/// A stage that takes `seconds` for every iteration, whatever is in it.
inline StageCost fixed_stage(double seconds) {
  StageCost cost;
  cost.overhead_s = seconds;
  return cost;
}

inline ReplicaModel fixed_replica(std::vector<double> stage_seconds, int max_batch = 1) {
  ReplicaModel replica = {
      .name = "r", .stages = {}, .max_batch = max_batch, .kv_capacity_tokens = 1 << 20};
  for (const double seconds : stage_seconds) {
    replica.stages.push_back(fixed_stage(seconds));
  }
  return replica;
}

inline ServingSystem one_replica(ReplicaModel replica) {
  return {.replicas = {std::move(replica)}};
}

inline SimulationResult play(const ServingSystem& system,
                             std::vector<RequestSpec> requests,
                             const SimulationOptions& options = {}) {
  return simulate(system, *replay_arrivals(std::move(requests)), options);
}

}  // namespace hexgen::test
