#include <iostream>
#include <nlohmann/json.hpp>

#include "profiles/file.h"
#include "profiles/trace_rate.h"
#include "profiles/trace_writer.h"
#include "simulator/cli/commands.h"
#include "simulator/cli/inputs.h"
#include "simulator/report_json.h"
#include "simulator/trace_report.h"

namespace hexgen {
namespace {

std::unique_ptr<TraceReader> open(const TraceSource& source, std::optional<double> rate_per_s) {
  return rate_per_s ? open_trace_at_rate(source, *rate_per_s) : open_trace(source);
}

}  // namespace

void trace(const TraceOptions& options) {
  const TraceSource source = trace_source(options.trace, options.columns);
  const auto reader = open(source, options.rate_per_s);
  TraceStatistics statistics;
  while (const auto request = reader->next()) {
    statistics.add(*request);
  }
  if (!options.out.empty()) {
    write_mooncake(*open(source, options.rate_per_s), options.out);
  }
  if (options.json) {
    std::cout << to_text(trace_report_to_json(statistics, reader->notes()));
  } else {
    print_trace_report(std::cout, statistics, reader->notes());
  }
}

}  // namespace hexgen
