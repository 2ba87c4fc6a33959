#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "profiles/trace_reader.h"
#include "profiles/trace_statistics.h"

namespace hexgen {

/// What a trace consists of, as a table for people: count, span, rate and burstiness, lengths with
/// nearest-rank percentiles, and what the trace lacks.
void print_trace_report(std::ostream& out,
                        const TraceStatistics& statistics,
                        const TraceNotes& notes);

/// The same for programs. The keys of arrivals (span_s, rate_per_s, gap_cv, longest_gap_s) are
/// there only when the trace has arrival times.
nlohmann::ordered_json trace_report_to_json(const TraceStatistics& statistics,
                                            const TraceNotes& notes);

}  // namespace hexgen
