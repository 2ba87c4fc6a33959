#include "simulator/trace_report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace hexgen {

namespace {

/// Gaps of 1 and 3 s: rate 0.5 per second, mean gap 2, standard deviation 1, CV 0.5.
TraceStatistics three_requests() {
  TraceStatistics statistics;
  statistics.add({.arrival_s = 0, .prompt_tokens = 1000, .output_tokens = 5});
  statistics.add({.arrival_s = 1, .prompt_tokens = 200, .output_tokens = 6});
  statistics.add({.arrival_s = 4, .prompt_tokens = 30, .output_tokens = 10});
  return statistics;
}

std::string printed(const TraceNotes& notes) {
  std::ostringstream out;
  print_trace_report(out, three_requests(), notes);
  return out.str();
}

}  // namespace

TEST_CASE("a trace report shows arrivals and lengths") {
  // Mean prompt 1230 / 3 = 410, mean output 21 / 3 = 7.
  CHECK(printed({}) ==
        "requests     3\n"
        "span         4.000 s\n"
        "rate         0.500 requests/s\n"
        "gap CV       0.500 (1 = Poisson, above = bursts)\n"
        "longest gap  3.000 s\n"
        "\n"
        "tokens    mean  min  median   p90   p99   max    sum\n"
        "──────  ──────  ───  ──────  ────  ────  ────  ─────\n"
        "prompt  410.00   30     200  1000  1000  1000  1,230\n"
        "output    7.00    5       6    10    10    10     21\n");
}

TEST_CASE("a trace report says what the trace lacks and what was skipped") {
  const std::string text =
      printed({.has_arrival_times = false, .has_token_counts = false, .skipped_rows = 1234});
  CHECK(text.find("requests     3\n"
                  "no arrival times: lengths only\n"
                  "token counts are estimated from text, at 4 bytes a token\n"
                  "skipped      1,234 rows\n\n") == 0);
  CHECK(text.find("rate") == std::string::npos);
}

TEST_CASE("a trace report for programs has the same numbers") {
  const nlohmann::json report = trace_report_to_json(three_requests(), {.skipped_rows = 2});
  CHECK(report["requests"] == 3);
  CHECK(report["skipped_rows"] == 2);
  CHECK(report["span_s"] == 4.0);
  CHECK(report["rate_per_s"] == 0.5);
  CHECK(report["gap_cv"] == doctest::Approx(0.5));
  CHECK(report["longest_gap_s"] == 3.0);
  CHECK(report["prompt_tokens"] ==
        nlohmann::json::parse(R"({"mean": 410.0, "min": 30, "p50": 200, "p90": 1000, "p99": 1000,
                                  "max": 1000, "sum": 1230})"));
  CHECK(report["output_tokens"]["p50"] == 6);
}

TEST_CASE("a trace report for programs has no arrivals when the trace has none") {
  const nlohmann::json report =
      trace_report_to_json(three_requests(), {.has_arrival_times = false});
  CHECK(report["has_arrival_times"] == false);
  CHECK_FALSE(report.contains("span_s"));
  CHECK_FALSE(report.contains("rate_per_s"));
}

}  // namespace hexgen
