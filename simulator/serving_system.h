#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost_models/plan.h"
#include "cost_models/stage_cost.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "simulator/availability.h"
#include "simulator/transfer.h"

namespace hexgen {

/// One pipeline group as the simulator sees it: times and room, no devices.
struct ReplicaModel {
  std::string name;
  std::vector<StageCost> stages;
  double weight = 1.0;
  int max_batch = 1;
  std::int64_t kv_capacity_tokens = 0;
  std::vector<StageTransfers> transfers;  // [stage]; empty: every transfer has its path to itself
};

/// What serves the requests: the replicas of a plan.
struct ServingSystem {
  std::vector<ReplicaModel> replicas;            // all up at the start
  double price_per_hour = 0;                     // of the nodes that the plan uses
  int max_context_tokens = 0;                    // of the model, prompt plus output; 0: no limit
  std::vector<NetworkResource> network;          // that the replicas' transfers name
  std::vector<AvailabilityChange> availability;  // in order of time
};

/// Stages that `tables` have measured take their times from there.
ServingSystem make_serving_system(const Plan& plan,
                                  const ModelSpec& model,
                                  const Cluster& cluster,
                                  const LayerTables& tables = {});

/// Gives the stages that run `profile`'s model on its GPU type at its TP degree the times of its
/// tables, in place of the cost model's. Returns how many there are.
int use_profile(const LayerProfile& profile,
                const Plan& plan,
                const ModelSpec& model,
                const Cluster& cluster,
                ServingSystem& system);

}  // namespace hexgen
