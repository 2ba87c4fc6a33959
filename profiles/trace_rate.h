#pragma once

#include <memory>

#include "profiles/trace_reader.h"

namespace hexgen {

/// The trace with every gap between arrivals multiplied by `factor`: half of it doubles the rate.
/// Throws InputError unless the factor is above 0 and finite.
std::unique_ptr<TraceReader> stretch_gaps(std::unique_ptr<TraceReader> trace, double factor);

/// The trace at a mean rate of `rate_per_s` (as TraceStatistics defines it), with its bursts kept.
/// Reads the file twice. Throws InputError when the trace has no rate of its own: a single request,
/// all at one instant, or lengths only.
std::unique_ptr<TraceReader> open_trace_at_rate(const TraceSource& source, double rate_per_s);

}  // namespace hexgen
