#include "simulator/report_text.h"

#include <algorithm>
#include <ostream>

#include "cost_models/text_table.h"
#include "profiles/names.h"
#include "profiles/units.h"

namespace hexgen {
namespace {

constexpr std::size_t kWidth = 50;
constexpr std::size_t kLabelWidth = 40;

void print_heading(std::ostream& out, const std::string& title, char fill) {
  const std::size_t blank = kWidth - title.size();
  out << std::string(blank / 2, fill) << title << std::string(blank - blank / 2, fill) << '\n';
}

void print_line(std::ostream& out, std::string label, const std::string& value) {
  label += ':';
  label.resize(std::max(kLabelWidth, label.size()), ' ');
  out << label << ' ' << value << '\n';
}

void print_line(std::ostream& out, const std::string& label, std::int64_t value) {
  print_line(out, label, std::to_string(value));
}

void print_line(std::ostream& out, const std::string& label, double value) {
  print_line(out, label, fixed(value, 2));
}

void print_latency(std::ostream& out,
                   const std::string& title,
                   const std::string& name,
                   const Distribution& latency) {
  print_heading(out, title, '-');
  print_line(out, "Mean " + name + " (ms)", latency.mean_s / kMilli);
  print_line(out, "Median " + name + " (ms)", latency.median_s / kMilli);
  print_line(out, "P90 " + name + " (ms)", latency.p90_s / kMilli);
  print_line(out, "P99 " + name + " (ms)", latency.p99_s / kMilli);
}

void print_counts(std::ostream& out, const RunReport& report) {
  const Metrics& metrics = report.metrics;
  print_line(out, "Successful requests", metrics.completed);
  print_line(out, "Failed requests", metrics.failed);
  print_line(out, "Rejected requests", metrics.rejected);
  if (metrics.in_flight > 0) {
    print_line(out, "Requests in flight at the end", metrics.in_flight);
  }
  if (metrics.retries > 0) {
    print_line(out, "Retries after failures", metrics.retries);
  }
  print_line(out, "Warm-up requests (not counted)", metrics.warmup_requests);
  print_line(out, "Request rate offered (RPS)", report.setup.rate_per_s);
  print_line(out, "Benchmark duration (s)", metrics.duration_s);
  print_line(out, "Total input tokens", metrics.prompt_tokens);
  print_line(out, "Total generated tokens", metrics.output_tokens);
  print_line(out, "Request throughput (req/s)", metrics.requests_per_s);
  print_line(out, "Request goodput (req/s)", metrics.goodput_per_s);
  print_line(out, "Output token throughput (tok/s)", metrics.output_tokens_per_s);
  print_line(out, "Peak concurrent requests", metrics.max_concurrent_requests);
  print_line(out, "Total token throughput (tok/s)", metrics.total_tokens_per_s);
}

void print_stages(std::ostream& out, const RunReport& report) {
  TextTable table({{"pipeline", TextTable::Align::kLeft},
                   {"stage"},
                   {"busy %"},
                   {"times", TextTable::Align::kLeft}});
  for (std::size_t r = 0; r < report.system.replicas.size(); ++r) {
    const auto& stages = report.metrics.stage_utilisation[r];
    for (std::size_t s = 0; s < stages.size(); ++s) {
      table.add_row({s == 0 ? report.system.replicas[r].name : "",
                     std::to_string(s),
                     fixed(100 * stages[s], 1),
                     source_of_times(report.system.replicas[r], s)});
    }
  }
  table.print(out);
}

std::string how_far(double times) {
  return times > 1 ? ", up to " + fixed(times, 1) + " times" : "";
}

/// Names the stages whose tables had to be extended.
void print_outside(std::ostream& out, const RunReport& report) {
  for (std::size_t r = 0; r < report.system.replicas.size(); ++r) {
    const auto& outside = report.metrics.outside_measured[r];
    for (std::size_t s = 0; s < outside.size(); ++s) {
      if (outside[s] > 0) {
        out << "EXTRAPOLATED: " << report.system.replicas[r].name << " stage " << s << ": "
            << outside[s] << " iterations lay outside the measured range"
            << how_far(report.metrics.farthest_outside[r][s]) << ".\n";
      }
    }
  }
}

}  // namespace

void print_report(std::ostream& out, const RunReport& report) {
  const Metrics& metrics = report.metrics;
  print_heading(out, " Simulated Serving Result ", '=');
  print_counts(out, report);
  print_latency(out, "Time to First Token", "TTFT", metrics.ttft);
  print_latency(out, "Time per Output Token (excl. 1st token)", "TPOT", metrics.tpot);
  if (metrics.itl.count > 0) {
    print_latency(out, "Inter-token Latency", "ITL", metrics.itl);
  }
  print_latency(out, "End-to-end Latency", "E2EL", metrics.e2e);
  print_heading(out, "Service Level and Price", '-');
  print_line(out, "SLO", describe(report.slo));
  print_line(out, "SLO attainment (%)", 100 * metrics.slo_attainment);
  print_line(out, "Preemptions", metrics.preemptions);
  print_line(out, "Price ($/h)", metrics.price_per_hour);
  print_line(out, "Price per million output tokens ($)", metrics.price_per_million_output_tokens);
  print_heading(out, "Stages", '-');
  print_stages(out, report);
  print_heading(out, "", '=');
  print_outside(out, report);
  if (!metrics.saturated_replicas.empty()) {
    out << "SATURATED: " << join(metrics.saturated_replicas)
        << ". Waiting grows with the length of the run, and so do the latencies.\n";
  }
  out << "TPOT = (last - first token time) / (output tokens - 1). Percentiles by nearest rank.\n";
}

}  // namespace hexgen
