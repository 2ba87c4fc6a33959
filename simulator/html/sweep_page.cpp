#include "simulator/html/sweep_page.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "profiles/units.h"
#include "simulator/html/page.h"
#include "simulator/html/svg_chart.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

constexpr std::size_t kMostLines = 6;

/// At most kMostLines of `count` positions, first and last among them, evenly spread.
std::vector<std::size_t> chosen(std::size_t count) {
  std::vector<std::size_t> positions;
  const std::size_t lines = std::min(count, kMostLines);
  for (std::size_t i = 0; i < lines; ++i) {
    positions.push_back(lines > 1 ? i * (count - 1) / (lines - 1) : 0);
  }
  return positions;
}

bool saturated(const SweepPoint& point) {
  return !point.metrics.saturated_replicas.empty();
}

/// One figure of every point against its rate, in the order of the rates; rings where a pipeline is
/// saturated.
Line over_rates(const SweepReport& report,
                const std::string& name,
                int colour,
                const std::function<double(const SweepPoint&)>& figure) {
  std::vector<SweepPoint> points = report.result.points;
  std::sort(points.begin(), points.end(), [](const SweepPoint& a, const SweepPoint& b) {
    return a.rate_per_s < b.rate_per_s;
  });
  Line line = {.name = name, .points = {}, .colour = colour};
  for (const SweepPoint& point : points) {
    const Point place = {point.rate_per_s, figure(point)};
    if (std::isfinite(place.y)) {
      line.points.push_back(place);
      (saturated(point) ? line.rings : line.dots).push_back(place);
    }
  }
  return line;
}

enum class Scale { kLinear, kWideIsLogarithmic };

Axis axis_of(const std::string& label,
             const std::vector<Line>& lines,
             double Point::*coordinate,
             Scale scale = Scale::kLinear) {
  Axis axis = {.label = label, .low = 0, .high = 0};
  double low = 0;
  for (const Line& line : lines) {
    for (const Point& point : line.points) {
      const double value = point.*coordinate;
      axis.high = std::max(axis.high, value * 1.05);
      low = value > 0 && (low == 0 || value < low) ? value : low;
    }
  }
  axis.high = axis.high > 0 ? axis.high : 1;
  const bool wide = low > 0 && axis.high > 50 * low;
  if (scale == Scale::kWideIsLogarithmic && wide) {
    axis.logarithmic = true;
    axis.low = low / 1.05;
    axis.label += ", logarithmic";
  }
  return axis;
}

std::string rate_chart(const std::string& title,
                       const std::string& y_label,
                       std::vector<Line> lines,
                       Scale scale = Scale::kLinear) {
  const Axis x = axis_of("requests/s offered", lines, &Point::x);
  const Axis y = axis_of(y_label, lines, &Point::y, scale);
  return figure({.title = title, .x = x, .y = y, .lines = std::move(lines), .marks = {}});
}

std::string scale_name(const SweepReport& report, std::size_t s) {
  return report.grid.slo_scales.empty() ? "SLO" : "scale " + number(report.grid.slo_scales[s]);
}

Line target_line(const SweepReport& report, const Axis& x) {
  const double target = 100 * report.grid.target;
  return {.name = "target " + number(target) + " %",
          .points = {{x.low, target}, {x.high, target}},
          .colour = 6,
          .dashed = true};
}

std::string attainment_over_rate(const SweepReport& report) {
  std::vector<Line> lines;
  for (const std::size_t s : chosen(report.result.highest_rates_per_s.size())) {
    lines.push_back(over_rates(
        report, scale_name(report, s), static_cast<int>(lines.size()), [s](const SweepPoint& p) {
          return 100 * p.attainment[s];
        }));
  }
  const Axis x = axis_of("requests/s offered", lines, &Point::x);
  lines.push_back(target_line(report, x));
  return figure({.title = "SLO attainment over request rate",
                 .x = x,
                 .y = {.label = "% of requests within the SLO", .low = 0, .high = 100},
                 .lines = std::move(lines),
                 .marks = {}});
}

std::string attainment_over_scale(const SweepReport& report) {
  const auto& scales = report.grid.slo_scales;
  if (scales.size() < 2) {
    return "";
  }
  std::vector<Line> lines;
  for (const std::size_t p : chosen(report.result.points.size())) {
    const SweepPoint& point = report.result.points[p];
    Line line = {.name = number(point.rate_per_s) + " requests/s",
                 .points = {},
                 .colour = static_cast<int>(lines.size())};
    for (std::size_t s = 0; s < scales.size(); ++s) {
      line.points.push_back({scales[s], 100 * point.attainment[s]});
    }
    std::sort(line.points.begin(), line.points.end(), [](const Point& a, const Point& b) {
      return a.x < b.x;
    });
    line.dots = line.points;
    lines.push_back(std::move(line));
  }
  const Axis x = axis_of("SLO scale (x reference latency)", lines, &Point::x);
  lines.push_back(target_line(report, x));
  return figure({.title = "SLO attainment over SLO scale",
                 .x = x,
                 .y = {.label = "% of requests within the SLO", .low = 0, .high = 100},
                 .lines = std::move(lines),
                 .marks = {}});
}

std::string goodput_over_rate(const SweepReport& report) {
  std::vector<Line> lines;
  for (const std::size_t s : chosen(report.result.highest_rates_per_s.size())) {
    const auto goodput = [s](const SweepPoint& p) {
      return p.metrics.duration_s > 0
                 ? p.attainment[s] * static_cast<double>(p.metrics.requests) / p.metrics.duration_s
                 : 0;
    };
    lines.push_back(
        over_rates(report, scale_name(report, s), static_cast<int>(lines.size()), goodput));
  }
  return rate_chart("Goodput over request rate", "requests/s within the SLO", std::move(lines));
}

std::string latency_over_rate(const SweepReport& report,
                              const std::string& name,
                              Distribution Metrics::*latency,
                              const std::string& unit_name,
                              double unit) {
  const auto median = [=](const SweepPoint& p) { return (p.metrics.*latency).median_s / unit; };
  const auto p99 = [=](const SweepPoint& p) { return (p.metrics.*latency).p99_s / unit; };
  return rate_chart(name + " over request rate",
                    unit_name,
                    {over_rates(report, "median", 0, median), over_rates(report, "p99", 1, p99)},
                    Scale::kWideIsLogarithmic);
}

std::string lowest_scale_over_rate(const SweepReport& report) {
  const auto& points = report.result.points;
  if (points.empty() || !points.front().lowest_slo_scale) {
    return "";
  }
  const auto scale = [](const SweepPoint& p) { return *p.lowest_slo_scale; };
  return rate_chart("Lowest deadline over request rate",
                    "x reference latency, met by " + number(100 * report.grid.target) + " %",
                    {over_rates(report, "", 3, scale)},
                    Scale::kWideIsLogarithmic);
}

std::string charts(const SweepReport& report) {
  const auto tokens = [](const SweepPoint& p) { return p.metrics.output_tokens_per_s; };
  return "<div class=\"charts\">\n" + attainment_over_rate(report) + goodput_over_rate(report) +
         attainment_over_scale(report) +
         latency_over_rate(report, "Time to first token", &Metrics::ttft, "s", 1.0) +
         latency_over_rate(report, "Time per output token", &Metrics::tpot, "ms", kMilli) +
         latency_over_rate(report, "End-to-end latency", &Metrics::e2e, "s", 1.0) +
         lowest_scale_over_rate(report) +
         rate_chart("Output over request rate", "tokens/s", {over_rates(report, "", 2, tokens)}) +
         "</div>\n";
}

std::string headline(const SweepReport& report) {
  std::vector<Card> all;
  for (std::size_t s = 0; s < report.result.highest_rates_per_s.size(); ++s) {
    const double rate_per_s = report.result.highest_rates_per_s[s];
    all.push_back({scale_name(report, s), number(rate_per_s), "/s", ""});
  }
  return cards(all);
}

std::string points_row(const SweepReport& report, const SweepPoint& point) {
  std::string row = "<tr>" + cell(number(point.rate_per_s));
  for (const double attained : point.attainment) {
    row += cell(percent(attained), attained < report.grid.target ? "hot" : nullptr);
  }
  if (point.lowest_slo_scale) {
    row += cell(std::isfinite(*point.lowest_slo_scale) ? number(*point.lowest_slo_scale) : "never");
  }
  const Metrics& metrics = point.metrics;
  return row + cell(number(metrics.requests_per_s)) + cell(number(metrics.output_tokens_per_s)) +
         cell(duration(metrics.ttft.p99_s)) + cell(duration(metrics.tpot.p99_s)) +
         cell(duration(metrics.e2e.p99_s)) + cell(saturated(point) ? "saturated" : "", "left hot") +
         "</tr>\n";
}

std::string points_table(const SweepReport& report) {
  const auto& points = report.result.points;
  std::string html = "<div class=\"scroll\"><table>\n<tr><th>rate/s</th>";
  for (std::size_t s = 0; s < report.result.highest_rates_per_s.size(); ++s) {
    html += "<th>" + escape(scale_name(report, s)) + "</th>";
  }
  if (!points.empty() && points.front().lowest_slo_scale) {
    html += "<th>lowest scale</th>";
  }
  html +=
      "<th>completed/s</th><th>tokens/s</th><th>p99 TTFT</th><th>p99 TPOT</th><th>p99 E2E</th>"
      "<th></th></tr>\n";
  for (const SweepPoint& point : points) {
    html += points_row(report, point);
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string sweep_page(const SweepReport& report, const PlanFile& file) {
  const PageHead head = {"Simulated sweep",
                         file.model.name + " on " + file.cluster.name(),
                         report.setup.arrivals + ", " +
                             number(static_cast<double>(report.grid.rates_per_s.size())) +
                             " request rates, " + serving_text(report.setup)};
  const std::string target = number(100 * report.grid.target) + " %";
  return page(head,
              section("Highest rate",
                      "With " + target +
                          " of the requests within the SLO and no pipeline "
                          "saturated, to 1 %. SLO: " +
                          describe(report.slo) + ".") +
                  headline(report) +
                  section("Over request rate", "Open rings: a pipeline is saturated there.") +
                  charts(report) +
                  section("All rates",
                          "Columns of the SLO: attainment, in red below the target of " + target +
                              ". Lowest scale: the lowest deadline with that attainment, as a "
                              "multiple of the reference latency.") +
                  points_table(report) + definitions(),
              report.setup);
}

}  // namespace hexgen::html
