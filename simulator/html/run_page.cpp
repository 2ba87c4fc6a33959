#include "simulator/html/run_page.h"

#include "cost_models/text_table.h"
#include "profiles/names.h"
#include "simulator/html/latency_charts.h"
#include "simulator/html/over_time.h"
#include "simulator/html/page.h"
#include "simulator/html/plan_map.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

constexpr double kTarget = 0.99;

bool has_limits(const Slo& slo) {
  return slo.ttft_s || slo.tpot_s || slo.e2e_s || slo.scale;
}

Card latency_card(const std::string& name, const Distribution& latency) {
  const std::string median = duration(latency.median_s);
  const std::size_t space = median.find(' ');
  return {name + ", median",
          median.substr(0, space),
          median.substr(space + 1),
          "p99 " + duration(latency.p99_s)};
}

std::string headline(const RunReport& report) {
  const Metrics& metrics = report.metrics;
  std::vector<Card> all;
  if (has_limits(report.slo)) {
    all.push_back({"SLO attainment",
                   percent(metrics.slo_attainment),
                   "",
                   "of " + with_thousands(metrics.requests) + " counted requests"});
    all.push_back({"Goodput",
                   number(metrics.goodput_per_s),
                   "/s",
                   "of " + number(metrics.requests_per_s) + " requests/s"});
  }
  all.push_back({"Output, tokens/s",
                 number(metrics.output_tokens_per_s),
                 "",
                 number(metrics.total_tokens_per_s) + " with prompts"});
  all.push_back(latency_card("TTFT", metrics.ttft));
  all.push_back(latency_card("TPOT", metrics.tpot));
  all.push_back(latency_card("E2E", metrics.e2e));
  if (metrics.price_per_hour > 0) {
    all.push_back({"Price, $/M tokens",
                   fixed(metrics.price_per_million_output_tokens, 2),
                   "",
                   "of output; $" + fixed(metrics.price_per_hour, 2) + " an hour"});
  }
  return cards(all);
}

std::string latency_row(const std::string& name,
                        const Distribution& latency,
                        const std::optional<double>& limit_s) {
  return "<tr>" + cell(name, "left") + cell(duration(latency.mean_s)) +
         cell(duration(latency.median_s)) + cell(duration(latency.p90_s)) +
         cell(duration(latency.p99_s)) + cell(duration(latency.max_s)) +
         cell(duration(latency.std_s)) + cell(limit_s ? duration(*limit_s) : "-") + "</tr>\n";
}

std::string latencies(const RunReport& report, const LatencyCurves& curves) {
  const Metrics& metrics = report.metrics;
  const Slo& slo = report.slo;
  std::string html =
      section("Latency and service level", "Of the counted requests; SLO: " + describe(slo) + ".");
  html += "<div class=\"charts\">\n" + attainment_chart({{"", &curves.limit_factor}}, slo) +
          cumulative_chart("Time to first token", {{"", &curves.ttft_s}}, slo.ttft_s) +
          cumulative_chart("Time per output token", {{"", &curves.tpot_s}}, slo.tpot_s) +
          cumulative_chart("End-to-end latency", {{"", &curves.e2e_s}}, slo.e2e_s) + "</div>\n" +
          "<div class=\"scroll\"><table>\n" +
          header_row({"<", "mean", "median", "p90", "p99", "max", "std", "limit"}) +
          latency_row("TTFT", metrics.ttft, slo.ttft_s) +
          latency_row("TPOT", metrics.tpot, slo.tpot_s);
  if (metrics.itl.count > 0) {
    html += latency_row("ITL", metrics.itl, std::nullopt);
  }
  return html + latency_row("E2E", metrics.e2e, slo.e2e_s) + "</table></div>\n";
}

std::string rate_text(const RunSetup& setup) {
  return setup.rate_per_s > 0 ? number(setup.rate_per_s) + " requests/s" : "all at once";
}

}  // namespace

std::string verdicts(const Metrics& metrics, const Slo& slo) {
  std::string html;
  if (has_limits(slo)) {
    const bool met = metrics.slo_attainment >= kTarget;
    html += verdict({met ? Verdict::Tone::kGood : Verdict::Tone::kBad,
                     met ? "SLO met." : "SLO missed.",
                     percent(metrics.slo_attainment) + " of the requests are within " +
                         describe(slo) + "; 99 % are asked for."});
  }
  if (!metrics.saturated_replicas.empty()) {
    html += verdict({Verdict::Tone::kBad,
                     "Saturated.",
                     "Waiting keeps growing on " + join(metrics.saturated_replicas) +
                         ". Latencies say how long the run was, not how good the system is."});
  }
  if (metrics.rejected > 0) {
    html += verdict({Verdict::Tone::kWarning,
                     "Rejected.",
                     with_thousands(metrics.rejected) + " of " + with_thousands(metrics.requests) +
                         " requests are longer than the model's context, or than every KV cache."});
  }
  if (metrics.failed > 0) {
    html += verdict({Verdict::Tone::kBad,
                     "Failed.",
                     with_thousands(metrics.failed) + " of " + with_thousands(metrics.requests) +
                         " requests found no pipeline that was up until their end."});
  }
  if (metrics.retries > 0) {
    html += verdict({Verdict::Tone::kWarning,
                     "Devices were lost.",
                     "Their pipelines gave back requests " + with_thousands(metrics.retries) +
                         " times, to be computed again."});
  }
  if (metrics.in_flight > 0) {
    html += verdict({Verdict::Tone::kWarning,
                     "Cut off.",
                     with_thousands(metrics.in_flight) + " of " + with_thousands(metrics.requests) +
                         " requests were still waiting or running at the end."});
  }
  return html;
}

std::string run_page(const RunReport& report, const LatencyCurves& curves, const PlanFile& file) {
  const RunSetup& setup = report.setup;
  const PageHead head = {
      "Simulated run",
      file.model.name + " on " + file.cluster.name(),
      setup.arrivals + ", " + rate_text(setup) + ", " +
          with_thousands(report.metrics.requests + report.metrics.warmup_requests) + " requests (" +
          with_thousands(report.metrics.warmup_requests) + " warm-up), " + serving_text(setup)};
  return page(head,
              verdicts(report.metrics, report.slo) + headline(report) + plan_map(report, file) +
                  latencies(report, curves) + over_time(report) + stage_table(report, file) +
                  definitions(),
              setup);
}

}  // namespace hexgen::html
