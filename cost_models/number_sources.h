#pragma once

#include <iosfwd>

#include "cost_models/plan_json.h"

namespace hexgen {

/// A table of where the numbers behind the times of a plan come from, for every GPU and link type
/// that it uses: measured and interpolated, fitted, or taken from the catalogue.
void print_number_sources(const PlanFile& file, std::ostream& out);

}  // namespace hexgen
