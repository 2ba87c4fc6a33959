#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "simulator/comparison.h"
#include "simulator/latency_curves.h"
#include "simulator/report.h"

namespace hexgen {

/// One plan of a comparison; the first one is the baseline, whose difference from itself is 0.
struct ComparedPlan {
  std::string name;
  Metrics metrics;
  PairedDifference difference;
  LatencyCurves curves = {};
};

void print_comparison(std::ostream& out, const std::vector<ComparedPlan>& plans, const Slo& slo);

/// `hexgen.comparison/1`.
nlohmann::ordered_json comparison_to_json(const RunSetup& setup,
                                          const std::vector<ComparedPlan>& plans,
                                          const Slo& slo);

}  // namespace hexgen
