#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "cost_models/plan_json.h"
#include "planner/sharing.h"

namespace hexgen {

/// One of the models that share the cluster.
struct SharedModelReport {
  PlanFile file;  // with its prediction
  std::string path;
  std::string workload;
  double rate_per_s = 0;
  std::optional<PlanPrediction> halves;  // with equal parts of the memory; none: did not fit there
};

struct ShareReport {
  std::vector<SharedModelReport> models;
  const SharedCluster& shared;
};

/// Which model got what, and how it fares; for a person.
void print_share(const ShareReport& report, std::ostream& out);

/// "hexgen.share/1".
std::string share_json(const ShareReport& report);

}  // namespace hexgen
