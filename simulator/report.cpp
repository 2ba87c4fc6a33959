#include "simulator/report.h"

#include <sstream>

#include "profiles/units.h"

namespace hexgen {

std::string name_of(BatchPolicyKind policy) {
  return policy == BatchPolicyKind::kOneBatch ? "one-batch" : "continuous";
}

std::string name_of(RouterKind router) {
  switch (router) {
    case RouterKind::kPlanWeights:
      return "plan";
    case RouterKind::kLeastWork:
      return "least-work";
    case RouterKind::kShortestCompletion:
      return "shortest-completion";
    case RouterKind::kRoundRobin:
      break;
  }
  return "round-robin";
}

std::string source_of_times(const ReplicaModel& replica, std::size_t stage) {
  if (replica.stages[stage].measured) {
    return "measured";
  }
  return replica.stages[stage].measured_kv_read ? "operators" : "model";
}

std::string describe(const Slo& slo) {
  std::ostringstream text;
  const auto limit = [&text](const char* name, const std::optional<double>& value, double unit) {
    if (value) {
      text << (text.tellp() > 0 ? ", " : "") << name << " <= " << *value / unit;
      text << (unit == kMilli ? " ms" : " x reference");
    }
  };
  limit("TTFT", slo.ttft_s, kMilli);
  limit("TPOT", slo.tpot_s, kMilli);
  limit("E2E", slo.e2e_s, kMilli);
  limit("E2E", slo.scale, 1.0);
  if (slo.scale) {
    text << " (" << slo.reference.gpu_type << ", tp_degree " << slo.reference.tp_degree
         << ", num_stages " << slo.reference.num_stages << ")";
  }
  return text.tellp() > 0 ? text.str() : "none";
}

}  // namespace hexgen
