#pragma once

#include <iosfwd>

#include "simulator/report.h"

namespace hexgen {

/// The block of `vllm bench serve`, with the SLO, the price and the stages below it.
void print_report(std::ostream& out, const RunReport& report);

}  // namespace hexgen
