#include "simulator/html/over_time.h"

#include <algorithm>

#include "cost_models/text_table.h"
#include "simulator/html/page.h"
#include "simulator/html/svg_chart.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

struct TimeUnit {
  const char* name;
  double seconds;
};

/// One in which the run lasts not too many.
TimeUnit unit_for(double end_s) {
  constexpr TimeUnit kUnits[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"days", 86400}};
  TimeUnit unit = kUnits[0];
  for (const TimeUnit& larger : kUnits) {
    unit = end_s > 10 * larger.seconds ? larger : unit;
  }
  return unit;
}

double highest(const std::vector<Line>& lines) {
  double high = 0;
  for (const Line& line : lines) {
    for (const Point& point : line.points) {
      high = std::max(high, point.y);
    }
  }
  return high > 0 ? high : 1;
}

/// Values that hold for a bucket each, as steps.
Line steps(const std::string& name,
           const std::vector<double>& values,
           double bucket_s,
           double end_s,
           double unit_s,
           int colour) {
  Line line = {.name = name, .points = {}, .colour = colour, .stepped = true};
  for (std::size_t b = 0; b < values.size(); ++b) {
    line.points.push_back({static_cast<double>(b) * bucket_s / unit_s, values[b]});
  }
  line.points.push_back({end_s / unit_s, values.back()});
  return line;
}

/// Counts as rates over groups of buckets, at most 50: single buckets hold too few for a line.
Line rates(const std::string& name,
           const std::vector<std::int64_t>& counts,
           const TimeSeries& series,
           double unit_s,
           int colour) {
  const std::size_t group = (counts.size() + 49) / 50;
  const double width_s = static_cast<double>(group) * series.bucket_s;
  std::vector<double> values;
  for (std::size_t begin = 0; begin < counts.size(); begin += group) {
    std::int64_t sum = 0;
    for (std::size_t b = begin; b < std::min(begin + group, counts.size()); ++b) {
      sum += counts[b];
    }
    const double left_s = series.end_s - static_cast<double>(begin) * series.bucket_s;
    values.push_back(static_cast<double>(sum) / std::min(width_s, left_s));
  }
  return steps(name, values, width_s, series.end_s, unit_s, colour);
}

std::vector<double> sum_over_pipelines(const TimeSeries& series,
                                       std::vector<double> ReplicaSeries::*quantity) {
  std::vector<double> sums(series.buckets());
  for (const ReplicaSeries& replica : series.replicas) {
    for (std::size_t b = 0; b < sums.size(); ++b) {
      sums[b] += (replica.*quantity)[b];
    }
  }
  return sums;
}

std::string charts(const TimeSeries& series, const TimeUnit& unit) {
  const Axis time = {
      .label = std::string("time, ") + unit.name, .low = 0, .high = series.end_s / unit.seconds};
  const auto chart = [&](const char* title, const char* label, std::vector<Line> lines) {
    const double high = highest(lines) * 1.05;
    return figure({.title = title,
                   .x = time,
                   .y = {.label = label, .low = 0, .high = high},
                   .lines = std::move(lines),
                   .marks = {}});
  };
  const double s = unit.seconds;
  const auto level = [&](const char* name, std::vector<double> ReplicaSeries::*what, int colour) {
    return steps(name, sum_over_pipelines(series, what), series.bucket_s, series.end_s, s, colour);
  };
  return "<div class=\"charts\">\n" +
         chart("Requests a second",
               "1/s",
               {rates("arrived", series.arrivals, series, s, 0),
                rates("completed", series.completions, series, s, 1)}) +
         chart("Requests in the system",
               "requests",
               {level("running", &ReplicaSeries::running, 2),
                level("waiting", &ReplicaSeries::waiting, 1)}) +
         "</div>\n";
}

std::string strip_row(const std::string& label,
                      const std::vector<double>& shares,
                      const char* css_class,
                      const std::string& mean,
                      bool first) {
  return std::string("<tr") + (first ? " class=\"first\"" : "") + "><td class=\"left label\">" +
         escape(label) + "</td><td>" + heat_strip(shares, css_class) + "</td>" +
         cell(mean, "mean") + "</tr>\n";
}

double most_waiting(const TimeSeries& series) {
  double most = 0;
  for (const ReplicaSeries& replica : series.replicas) {
    most = std::max(most, *std::max_element(replica.waiting.begin(), replica.waiting.end()));
  }
  return most;
}

std::string pipeline_strips(const RunReport& report, std::size_t r, double most_waiting) {
  const ReplicaSeries& replica = report.series.replicas[r];
  const ReplicaUse& use = report.series.use[r];
  const std::string& name = report.system.replicas[r].name;
  std::string html;
  for (std::size_t s = 0; s < replica.stage_utilisation.size(); ++s) {
    html += strip_row(name + " stage " + std::to_string(s),
                      replica.stage_utilisation[s],
                      "busy",
                      percent(report.metrics.stage_utilisation[r][s]),
                      s == 0);
  }
  html += strip_row(name + " KV", replica.kv_utilisation, "kv", percent(use.kv_utilisation), false);
  if (most_waiting > 0) {
    std::vector<double> shares = replica.waiting;
    for (double& share : shares) {
      share /= std::max(1.0, most_waiting);
    }
    html += strip_row(name + " waiting", shares, "waiting", number(use.waiting), false);
  }
  return html;
}

}  // namespace

std::string over_time(const RunReport& report) {
  const TimeSeries& series = report.series;
  const TimeUnit unit = unit_for(series.end_s);
  const double most = most_waiting(series);
  std::string html = section("Over time", "The whole run, warm-up and the end included.") +
                     charts(series, unit) +
                     "<p class=\"note\"><span class=\"key busy\"></span>stage busy, 0 to 100 %"
                     "<span class=\"key kv\"></span>KV cache in use, 0 to 100 %";
  if (most > 0) {
    html += "<span class=\"key waiting\"></span>requests waiting, 0 to " +
            escape(number(std::max(1.0, most)));
  }
  html += ". On the right, the mean over the run.</p>\n<table class=\"heat\">\n";
  for (std::size_t r = 0; r < series.replicas.size(); ++r) {
    html += pipeline_strips(report, r, most);
  }
  html += "<tr><td class=\"label\"></td><td><div class=\"ticks\">";
  for (int quarter = 0; quarter <= 4; ++quarter) {
    const double time = series.end_s / unit.seconds * quarter / 4;
    html += "<span>" + escape(number(time) + (quarter == 4 ? std::string(" ") + unit.name : "")) +
            "</span>";
  }
  return html + "</div></td><td class=\"mean\"></td></tr>\n</table>\n";
}

}  // namespace hexgen::html
