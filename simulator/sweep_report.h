#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "simulator/report.h"
#include "simulator/sweep.h"

namespace hexgen {

struct SweepReport {
  RunSetup setup;
  const SweepGrid& grid;
  const SweepResult& result;
  const Slo& slo;
};

/// Attainment against SLO scale and rate, with the lowest deadline of every rate and the highest
/// rate of every scale at the edges.
void print_sweep(std::ostream& out, const SweepReport& report);

/// `hexgen.sweep/1`.
nlohmann::ordered_json sweep_to_json(const SweepReport& report);

}  // namespace hexgen
