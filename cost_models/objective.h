#pragma once

namespace hexgen {

/// What the search maximises and how two plans compare.
enum class ObjectiveKind {
  kAttainment,  // share of requests that meet the SLO at the workload's rate
  kRate,        // highest request rate with attainment at the target
  kDeadline,    // smallest SLO scale with attainment at the target, at the workload's rate
  kCost         // lowest price per hour that keeps the target at the workload's rate
};

/// One value of one plan. `score` is always better when larger (deadline and cost are negated);
/// `tie_break` separates plans that score alike (e.g. mean normalised latency, negated), so that
/// the search sees a slope on plateaus.
struct Objective {
  double score = 0;
  double tie_break = 0;

  friend bool operator==(const Objective&, const Objective&) = default;
  friend auto operator<=>(const Objective&,
                          const Objective&) = default;  // score first, then tie_break
};

}  // namespace hexgen
