#pragma once

#include "cost_models/sim_time.h"
#include "simulator/batch_policy.h"

namespace hexgen {

/// What a request takes from a replica's capacity, for routers: the time its bottleneck stage is
/// busy for it when the replica runs as many requests of this length as it has room for. With one
/// batch at a time no stages overlap, so all stages and hand-offs count.
class WorkEstimate {
 public:
  WorkEstimate(const ReplicaModel& replica, const BatchPolicy& policy);

  SimTime work(int prompt_tokens, int output_tokens) const;

 private:
  double stage_s(const StageCost& stage, double prompt, double output, double rows) const;

  std::vector<StageCost> stages_;
  BatchPolicy policy_;
  double kv_capacity_tokens_;
};

}  // namespace hexgen
