#pragma once

#include <vector>

#include "cost_models/memory.h"
#include "profiles/cluster.h"
#include "profiles/model_spec.h"
#include "profiles/workload.h"
#include "simulator/simulation.h"

namespace hexgen {

/// What the requests of a workload ask of a pipeline on average.
struct MeanDemand {
  double prompt_tokens = 0;
  double output_tokens = 0;
  double prefill_pairs = 0;   // (query, key) pairs under the causal mask
  double decode_context = 0;  // tokens that all decode steps of a request read, summed
};

MeanDemand mean_demand(const std::vector<RequestSpec>& requests);

/// Requests per second that no plan over the cluster can exceed in the long run, whatever the SLO.
///
/// A stage of l layers is busy for at least busy(l) seconds a request: its rows cost what the
/// roofline says, and every iteration costs its weights, overheads and latencies, of which a
/// request's share is bounded by the KV room beside l layers and by `max_batch`. So
/// rate <= 1 / busy(l_j) for every stage j of a pipeline, and with sum of l_j = L
///   rate = sum of l_j / L * rate <= sum of l_j / (L * busy(l_j)).
/// With one batch at a time stages do not overlap, rate <= 1 / sum of busy(l_j), and by Jensen's
/// inequality rate <= sum of l_j^2 / (L^2 * busy(l_j)). Either way every stage adds a term of its
/// own: a device is worth at most the largest term over all degrees k and layers l, divided by k,
/// and the bound is the sum over the devices. Link times and the LM head are left out.
double throughput_bound(const ModelSpec& model,
                        const Cluster& cluster,
                        const MeanDemand& demand,
                        BatchPolicyKind policy,
                        int max_batch,
                        const MemoryPolicy& memory = {});

}  // namespace hexgen
