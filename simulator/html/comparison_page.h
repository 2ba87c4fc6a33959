#pragma once

#include <string>
#include <vector>

#include "simulator/compare_report.h"

namespace hexgen::html {

/// A comparison as one self-contained HTML document. Its figures are those of the comparison's
/// JSON.
std::string comparison_page(const RunSetup& setup,
                            const std::vector<ComparedPlan>& plans,
                            const Slo& slo);

}  // namespace hexgen::html
