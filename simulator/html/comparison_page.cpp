#include "simulator/html/comparison_page.h"

#include "cost_models/text_table.h"
#include "profiles/names.h"
#include "profiles/units.h"
#include "simulator/html/latency_charts.h"
#include "simulator/html/page.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

std::string difference_text(const PairedDifference& difference) {
  if (difference.pairs == 0) {
    return "-";
  }
  return (difference.mean_s > 0 ? "+" : "") + fixed(difference.mean_s / kMilli, 1) + " \u00b1 " +
         fixed(difference.half_width_s / kMilli, 1) + " ms";
}

std::string plan_row(const ComparedPlan& plan, bool baseline) {
  const Metrics& metrics = plan.metrics;
  return "<tr>" + cell(plan.name, "left") + cell(percent(metrics.slo_attainment)) +
         cell(number(metrics.goodput_per_s)) + cell(number(metrics.output_tokens_per_s)) +
         cell(duration(metrics.ttft.mean_s)) + cell(duration(metrics.tpot.mean_s)) +
         cell(duration(metrics.e2e.mean_s)) + cell(duration(metrics.e2e.p99_s)) +
         cell("$" + fixed(metrics.price_per_hour, 2)) +
         cell("$" + fixed(metrics.price_per_million_output_tokens, 2)) +
         cell(baseline ? "baseline" : difference_text(plan.difference)) +
         cell(baseline ? "" : percent(plan.difference.faster_share)) +
         cell(metrics.saturated_replicas.empty() ? "" : "saturated", "left hot") + "</tr>\n";
}

std::string plans_table(const std::vector<ComparedPlan>& plans) {
  std::string html = "<div class=\"scroll\"><table>\n" + header_row({"<plan",
                                                                     "attained",
                                                                     "goodput/s",
                                                                     "tokens/s",
                                                                     "mean TTFT",
                                                                     "mean TPOT",
                                                                     "mean E2E",
                                                                     "p99 E2E",
                                                                     "price/h",
                                                                     "/M tokens",
                                                                     "E2E difference",
                                                                     "faster",
                                                                     "<"});
  for (std::size_t i = 0; i < plans.size(); ++i) {
    html += plan_row(plans[i], i == 0);
  }
  return html + "</table></div>\n";
}

NamedQuantiles of(const std::vector<ComparedPlan>& plans, Quantiles LatencyCurves::*latency) {
  NamedQuantiles samples;
  for (const ComparedPlan& plan : plans) {
    samples.emplace_back(plan.name, &(plan.curves.*latency));
  }
  return samples;
}

std::string saturation(const std::vector<ComparedPlan>& plans) {
  std::string html;
  for (const ComparedPlan& plan : plans) {
    if (!plan.metrics.saturated_replicas.empty()) {
      html += verdict({Verdict::Tone::kBad,
                       plan.name + " is saturated.",
                       "Waiting keeps growing on " + join(plan.metrics.saturated_replicas) +
                           ". Its latencies say how long the run was, not how good it is."});
    }
  }
  return html;
}

}  // namespace

std::string comparison_page(const RunSetup& setup,
                            const std::vector<ComparedPlan>& plans,
                            const Slo& slo) {
  const PageHead head = {
      "Simulated comparison",
      std::to_string(plans.size()) + " plans on identical arrivals",
      setup.arrivals + ", " + number(setup.rate_per_s) + " requests/s, " + serving_text(setup)};
  const std::string charts =
      "<div class=\"charts\">\n" + attainment_chart(of(plans, &LatencyCurves::limit_factor), slo) +
      cumulative_chart("Time to first token", of(plans, &LatencyCurves::ttft_s), slo.ttft_s) +
      cumulative_chart("Time per output token", of(plans, &LatencyCurves::tpot_s), slo.tpot_s) +
      cumulative_chart("End-to-end latency", of(plans, &LatencyCurves::e2e_s), slo.e2e_s) +
      "</div>\n";
  return page(head,
              saturation(plans) +
                  section("Plans",
                          "SLO: " + describe(slo) +
                              ". E2E difference: mean over the same requests of this plan less "
                              "the baseline, with its 95 % confidence interval. Faster: share of "
                              "the requests that this plan serves sooner.") +
                  plans_table(plans) + section("Latency and service level", "") + charts +
                  definitions(),
              setup);
}

}  // namespace hexgen::html
