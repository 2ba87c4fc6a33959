#include "simulator/trace_report.h"

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "cost_models/text_table.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

void add_row(TextTable& table, const std::string& name, const TokenHistogram& tokens) {
  table.add_row({name,
                 fixed(tokens.mean(), 2),
                 std::to_string(tokens.min()),
                 std::to_string(tokens.percentile(50)),
                 std::to_string(tokens.percentile(90)),
                 std::to_string(tokens.percentile(99)),
                 std::to_string(tokens.max()),
                 with_thousands(tokens.sum())});
}

ordered_json tokens_to_json(const TokenHistogram& tokens) {
  return {{"mean", tokens.mean()},
          {"min", tokens.min()},
          {"p50", tokens.percentile(50)},
          {"p90", tokens.percentile(90)},
          {"p99", tokens.percentile(99)},
          {"max", tokens.max()},
          {"sum", tokens.sum()}};
}

void print_arrivals(std::ostream& out, const TraceStatistics& statistics) {
  out << "span         " << fixed(statistics.span_s(), 3) << " s\n"
      << "rate         " << fixed(statistics.rate_per_s(), 3) << " requests/s\n"
      << "gap CV       " << fixed(statistics.gap_cv(), 3) << " (1 = Poisson, above = bursts)\n"
      << "longest gap  " << fixed(statistics.longest_gap_s(), 3) << " s\n";
}

}  // namespace

void print_trace_report(std::ostream& out,
                        const TraceStatistics& statistics,
                        const TraceNotes& notes) {
  out << "requests     " << with_thousands(statistics.requests()) << '\n';
  if (notes.has_arrival_times) {
    print_arrivals(out, statistics);
  } else {
    out << "no arrival times: lengths only\n";
  }
  if (!notes.has_token_counts) {
    out << "token counts are estimated from text, at 4 bytes a token\n";
  }
  if (notes.skipped_rows > 0) {
    out << "skipped      " << with_thousands(notes.skipped_rows) << " rows\n";
  }
  out << '\n';
  TextTable table({{"tokens", TextTable::Align::kLeft},
                   {"mean"},
                   {"min"},
                   {"median"},
                   {"p90"},
                   {"p99"},
                   {"max"},
                   {"sum"}});
  add_row(table, "prompt", statistics.prompt_tokens());
  add_row(table, "output", statistics.output_tokens());
  table.print(out);
}

ordered_json trace_report_to_json(const TraceStatistics& statistics, const TraceNotes& notes) {
  ordered_json report = {{"requests", statistics.requests()},
                         {"skipped_rows", notes.skipped_rows},
                         {"has_arrival_times", notes.has_arrival_times},
                         {"has_token_counts", notes.has_token_counts}};
  if (notes.has_arrival_times) {
    report["span_s"] = statistics.span_s();
    report["rate_per_s"] = statistics.rate_per_s();
    report["gap_cv"] = statistics.gap_cv();
    report["longest_gap_s"] = statistics.longest_gap_s();
  }
  report["prompt_tokens"] = tokens_to_json(statistics.prompt_tokens());
  report["output_tokens"] = tokens_to_json(statistics.output_tokens());
  return report;
}

}  // namespace hexgen
