#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cost_models/plan_json.h"
#include "cost_models/request_metrics.h"

namespace hexgen {

// What simulated and measured runs write alike; the keys are those of `vllm bench serve
// --save-result` where it has them.

nlohmann::ordered_json provenance_to_json(const PlanProvenance& provenance);

/// {"ttft_ms": 2000, "scale": 5, "reference": {..}}: the limits that are set.
nlohmann::ordered_json slo_to_json(const Slo& slo);

nlohmann::ordered_json request_metrics_to_json(const RequestMetrics& metrics);

/// {"request": 0, "state": "completed", "arrival_s": .., ..}; `pipeline` and latencies of completed
/// requests only.
nlohmann::ordered_json request_to_json(std::size_t index,
                                       const RequestOutcome& request,
                                       const std::string& pipeline);

}  // namespace hexgen
