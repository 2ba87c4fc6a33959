#include "simulator/html/latency_charts.h"

#include <algorithm>
#include <cmath>

#include "profiles/units.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

double quantile(const Quantiles& quantiles, double share) {
  return nearest_rank(quantiles, share);
}

/// From the first to the last value shown, but for a tail beyond `cut` of the sample; logarithmic
/// when that spans much.
Axis axis_for(const NamedQuantiles& samples, double cut, double always, double unit) {
  Axis axis = {.label = {}, .low = always, .high = always};
  for (const auto& [name, quantiles] : samples) {
    for (const double value : *quantiles) {
      if (std::isfinite(value) && value > 0) {
        axis.low = axis.low > 0 ? std::min(axis.low, value) : value;
      }
    }
    for (double share = cut; share > 0; share -= 0.01) {
      const double value = quantile(*quantiles, share);
      if (std::isfinite(value)) {
        axis.high = std::max(axis.high, value * 1.05);
        break;
      }
    }
  }
  axis.logarithmic = axis.low > 0 && axis.high > 30 * axis.low;
  axis.low = axis.logarithmic ? axis.low / unit : 0;
  axis.high = std::max(axis.high / unit, axis.low * 1.05);
  axis.high = axis.high > 0 ? axis.high : 1;
  return axis;
}

Line cumulative_line(const std::string& name, const Quantiles& quantiles, int colour, double unit) {
  Line line = {.name = name, .points = {}, .colour = colour, .stepped = true};
  const auto last = static_cast<double>(quantiles.size() - 1);
  for (std::size_t i = 0; i < quantiles.size() && std::isfinite(quantiles[i]); ++i) {
    line.points.push_back({quantiles[i] / unit, 100 * static_cast<double>(i) / last});
  }
  return line;
}

std::vector<Line> cumulative_lines(const NamedQuantiles& samples, double unit) {
  std::vector<Line> lines;
  for (const auto& [name, quantiles] : samples) {
    const auto colour = static_cast<int>(lines.size() % 7);
    lines.push_back(cumulative_line(name, *quantiles, colour, unit));
  }
  return lines;
}

NamedQuantiles not_empty(NamedQuantiles samples) {
  samples.erase(std::remove_if(samples.begin(),
                               samples.end(),
                               [](const auto& sample) { return sample.second->empty(); }),
                samples.end());
  return samples;
}

}  // namespace

std::string cumulative_chart(const std::string& title,
                             const NamedQuantiles& all_samples,
                             const std::optional<double>& limit_s) {
  const NamedQuantiles samples = not_empty(all_samples);
  if (samples.empty()) {
    return "";
  }
  const Axis seconds = axis_for(samples, 0.998, 0, 1.0);
  const bool in_ms = seconds.high < 2;
  const double unit = in_ms ? kMilli : 1.0;
  // A limit far beyond all values would push them into a corner.
  const bool limit_shown = limit_s && *limit_s < 3 * seconds.high;
  Chart chart;  // filled piece by piece: g++ 12 -O3 takes a braced list for uninitialised
  chart.title = title;
  chart.x = axis_for(samples, 0.998, limit_shown ? *limit_s : 0, unit);
  chart.y = {.label = "% of requests", .low = 0, .high = 100};
  chart.lines = cumulative_lines(samples, unit);
  chart.x.label = in_ms ? "ms" : "s";
  if (samples.size() == 1) {
    for (const auto& [label, share] : {std::pair("p50", 0.5), {"p90", 0.9}, {"p99", 0.99}}) {
      const double value = quantile(*samples.front().second, share) / unit;
      chart.marks.push_back({value, std::string(label) + " " + number(value)});
    }
  }
  if (limit_shown) {
    chart.marks.push_back({*limit_s / unit, "limit " + number(*limit_s / unit), true});
  }
  return figure(chart);
}

std::string attainment_chart(const NamedQuantiles& limit_factors, const Slo& slo) {
  const NamedQuantiles samples = not_empty(limit_factors);
  if (samples.empty()) {
    return "";
  }
  const bool scale_alone = slo.scale && !slo.ttft_s && !slo.tpot_s && !slo.e2e_s;
  const double set = scale_alone ? *slo.scale : 1.0;
  Chart chart;
  chart.title = "SLO attainment over tightness";
  chart.x = axis_for(samples, 0.998, 1.2, 1 / set);
  chart.y = {.label = "% of requests within the SLO", .low = 0, .high = 100};
  chart.lines = cumulative_lines(samples, 1 / set);
  chart.marks = {{set, "as set", true}};
  chart.x.label = scale_alone ? "SLO scale (x reference latency)" : "all limits multiplied by";
  if (samples.size() == 1) {
    const double at_target = quantile(*samples.front().second, 0.99) * set;
    if (std::isfinite(at_target)) {
      chart.marks.push_back({at_target, "99 % at " + number(at_target)});
    }
  }
  return figure(chart);
}

}  // namespace hexgen::html
