#pragma once

#include "simulator/cli/options.h"

namespace hexgen {

/// Plays one plan once and reports.
void run(const RunOptions& options);

/// Plays one plan at every rate, judges it at every SLO scale, finds the figures of merit.
void sweep(const SweepOptions& options);

/// Plays several plans on identical arrivals.
void compare(const CompareOptions& options);

/// Says what a trace consists of; writes it as a mooncake trace.
void trace(const TraceOptions& options);

}  // namespace hexgen
