#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "cost_models/plan_json.h"
#include "planner/renting.h"

namespace hexgen {

struct RentReport {
  const PriceList& list;
  const Rented& rented;
  const PlanFile& file;  // with its prediction
  std::optional<double> budget_per_hour;
};

/// What to rent, what it costs and what it serves, for a person.
void print_rent(const RentReport& report, std::ostream& out);

/// "hexgen.rent/1".
std::string rent_json(const RentReport& report);

/// "2 x a10g, 1 x l4 at $3.45 per hour", for progress and messages.
std::string describe_mix(const PriceList& list, const TriedMix& mix);

}  // namespace hexgen
