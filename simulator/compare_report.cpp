#include "simulator/compare_report.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/request_report.h"
#include "cost_models/text_table.h"
#include "profiles/units.h"
#include "simulator/report_json.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

std::string difference_text(const PairedDifference& difference) {
  if (difference.pairs == 0) {
    return "-";
  }
  return (difference.mean_s > 0 ? "+" : "") + fixed(difference.mean_s / kMilli, 1) + " +- " +
         fixed(difference.half_width_s / kMilli, 1);
}

}  // namespace

void print_comparison(std::ostream& out, const std::vector<ComparedPlan>& plans, const Slo& slo) {
  TextTable table({{"plan", TextTable::Align::kLeft},
                   {"attained"},
                   {"mean TTFT ms"},
                   {"mean TPOT ms"},
                   {"mean E2E ms"},
                   {"p99 E2E ms"},
                   {"tokens/s"},
                   {"$/h"},
                   {"$/M tokens"},
                   {"E2E difference ms"},
                   {"faster"},
                   {"", TextTable::Align::kLeft}});
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const ComparedPlan& plan = plans[i];
    const Metrics& metrics = plan.metrics;
    table.add_row({plan.name,
                   fixed(100 * metrics.slo_attainment, 1) + " %",
                   fixed(metrics.ttft.mean_s / kMilli, 1),
                   fixed(metrics.tpot.mean_s / kMilli, 2),
                   fixed(metrics.e2e.mean_s / kMilli, 1),
                   fixed(metrics.e2e.p99_s / kMilli, 1),
                   fixed(metrics.output_tokens_per_s, 1),
                   fixed(metrics.price_per_hour, 2),
                   fixed(metrics.price_per_million_output_tokens, 2),
                   i == 0 ? "baseline" : difference_text(plan.difference),
                   i == 0 ? "" : fixed(100 * plan.difference.faster_share, 1) + " %",
                   metrics.saturated_replicas.empty() ? "" : "saturated"});
  }
  out << "Identical arrivals. SLO: " << describe(slo) << "\n\n";
  table.print(out);
  out << "\nE2E difference: mean over the same requests of this plan less the baseline, with its "
         "95 % confidence interval.\nfaster: share of the requests that this plan serves sooner.\n";
}

ordered_json comparison_to_json(const RunSetup& setup,
                                const std::vector<ComparedPlan>& plans,
                                const Slo& slo) {
  ordered_json json = setup_to_json("hexgen.comparison/1", setup);
  json["request_rate"] = setup.rate_per_s;
  json["slo"] = slo_to_json(slo);
  json["plans"] = ordered_json::array();
  for (const ComparedPlan& plan : plans) {
    ordered_json entry = {{"name", plan.name}};
    entry.update(metrics_to_json(plan.metrics));
    entry["e2el_difference"] = {{"pairs", plan.difference.pairs},
                                {"mean_ms", plan.difference.mean_s / kMilli},
                                {"half_width_95_ms", plan.difference.half_width_s / kMilli},
                                {"faster_share", plan.difference.faster_share}};
    json["plans"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace hexgen
