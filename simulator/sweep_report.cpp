#include "simulator/sweep_report.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cost_models/request_report.h"
#include "cost_models/text_table.h"
#include "profiles/units.h"
#include "simulator/report_json.h"

namespace hexgen {
namespace {

using nlohmann::ordered_json;

std::string scale_text(double scale) {
  return std::isfinite(scale) ? fixed(scale, 2) : "never";
}

std::string plain(double value) {
  std::string text = fixed(value, 3);
  text.erase(text.find_last_not_of('0') + 1);
  return text.back() == '.' ? text.substr(0, text.size() - 1) : text;
}

std::vector<TextTable::Column> sweep_columns(const SweepGrid& grid,
                                             const std::string& target,
                                             bool has_deadline) {
  std::vector<TextTable::Column> columns = {{"rate/s"}};
  for (const double scale : grid.slo_scales) {
    columns.push_back({"scale " + plain(scale)});
  }
  if (grid.slo_scales.empty()) {
    columns.push_back({"attained"});
  }
  if (has_deadline) {
    columns.push_back({"scale at " + target});
  }
  columns.push_back({"p99 E2E s"});
  columns.push_back({"tokens/s"});
  columns.push_back({"", TextTable::Align::kLeft});
  return columns;
}

std::vector<std::string> sweep_row(const SweepPoint& point) {
  std::vector<std::string> row = {plain(point.rate_per_s)};
  for (const double attained : point.attainment) {
    row.push_back(fixed(100 * attained, 1) + " %");
  }
  if (point.lowest_slo_scale) {
    row.push_back(scale_text(*point.lowest_slo_scale));
  }
  row.push_back(fixed(point.metrics.e2e.p99_s, 2));
  row.push_back(fixed(point.metrics.output_tokens_per_s, 1));
  row.push_back(point.metrics.saturated_replicas.empty() ? "" : "saturated");
  return row;
}

ordered_json point_to_json(const SweepPoint& point) {
  ordered_json json = {{"rate_per_s", point.rate_per_s}, {"slo_attainment", point.attainment}};
  if (point.lowest_slo_scale) {
    // JSON has no infinity: null stands for "at no scale".
    json["lowest_slo_scale"] =
        std::isfinite(*point.lowest_slo_scale) ? ordered_json(*point.lowest_slo_scale) : nullptr;
  }
  const Metrics& metrics = point.metrics;
  json["request_throughput"] = metrics.requests_per_s;
  json["output_throughput"] = metrics.output_tokens_per_s;
  json["mean_ttft_ms"] = metrics.ttft.mean_s / kMilli;
  json["p99_ttft_ms"] = metrics.ttft.p99_s / kMilli;
  json["mean_tpot_ms"] = metrics.tpot.mean_s / kMilli;
  json["p99_tpot_ms"] = metrics.tpot.p99_s / kMilli;
  json["mean_e2el_ms"] = metrics.e2e.mean_s / kMilli;
  json["p99_e2el_ms"] = metrics.e2e.p99_s / kMilli;
  json["failed"] = metrics.failed;
  json["rejected"] = metrics.rejected;
  json["in_flight"] = metrics.in_flight;
  json["retries"] = metrics.retries;
  json["saturated_pipelines"] = metrics.saturated_replicas;
  return json;
}

}  // namespace

void print_sweep(std::ostream& out, const SweepReport& report) {
  const std::string target = plain(100 * report.grid.target) + " %";
  const auto& points = report.result.points;
  const bool has_deadline = !points.empty() && points.front().lowest_slo_scale.has_value();
  const auto columns = sweep_columns(report.grid, target, has_deadline);
  TextTable table(columns);
  for (const SweepPoint& point : points) {
    table.add_row(sweep_row(point));
  }
  std::vector<std::string> last = {"at " + target};
  for (const double rate_per_s : report.result.highest_rates_per_s) {
    last.push_back(fixed(rate_per_s, 3) + "/s");
  }
  last.resize(columns.size());
  table.add_row(std::move(last));

  out << "SLO attainment. SLO: " << describe(report.slo) << "\n\n";
  table.print(out);
  out << "\nLast row: the highest rate with " << target
      << " attainment and no pipeline saturated, to 1 %.\n";
  if (has_deadline) {
    out << "scale at " << target
        << ": the lowest deadline, as a multiple of the reference latency.\n";
  }
}

ordered_json sweep_to_json(const SweepReport& report) {
  ordered_json json = setup_to_json("hexgen.sweep/1", report.setup);
  json["slo"] = slo_to_json(report.slo);
  json["target"] = report.grid.target;
  json["slo_scales"] = report.grid.slo_scales;
  json["points"] = ordered_json::array();
  for (const SweepPoint& point : report.result.points) {
    json["points"].push_back(point_to_json(point));
  }
  json["highest_rates"] = ordered_json::array();
  for (std::size_t i = 0; i < report.result.highest_rates_per_s.size(); ++i) {
    ordered_json entry = ordered_json::object();
    if (!report.grid.slo_scales.empty()) {
      entry["slo_scale"] = report.grid.slo_scales[i];
    }
    entry["rate_per_s"] = report.result.highest_rates_per_s[i];
    json["highest_rates"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace hexgen
