#include "simulator/html/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "cost_models/text_table.h"
#include "profiles/portable_math.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

constexpr double kWidth = 440;
constexpr double kHeight = 230;
constexpr double kLeft = 40;
constexpr double kRight = 12;
constexpr double kTop = 18;
constexpr double kBottom = 38;
constexpr double kLetter = 7;  // width of a letter, generously

double share_of(const Axis& axis, double value) {
  if (axis.logarithmic) {
    return portable_log(std::max(value, axis.low) / axis.low) / portable_log(axis.high / axis.low);
  }
  return (value - axis.low) / (axis.high - axis.low);
}

/// Plot coordinates of the data.
struct Plot {
  const Chart& chart;

  double x(double value) const {
    return kLeft + std::clamp(share_of(chart.x, value), 0.0, 1.0) * (kWidth - kLeft - kRight);
  }

  double y(double value) const {
    return kHeight - kBottom -
           std::clamp(share_of(chart.y, value), 0.0, 1.0) * (kHeight - kTop - kBottom);
  }
};

std::string at(double x, double y) {
  return fixed(x, 1) + " " + fixed(y, 1);
}

std::string line_element(const char* css_class, double x1, double y1, double x2, double y2) {
  return std::string("<line class=\"") + css_class + "\" x1=\"" + fixed(x1, 1) + "\" y1=\"" +
         fixed(y1, 1) + "\" x2=\"" + fixed(x2, 1) + "\" y2=\"" + fixed(y2, 1) + "\"/>";
}

std::string text_element(
    const std::string& text, double x, double y, const char* anchor, const std::string& more = "") {
  return "<text x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" text-anchor=\"" + anchor +
         "\"" + more + ">" + escape(text) + "</text>";
}

std::string grid(const Plot& plot) {
  std::string svg;
  double free_from = 0;  // labels that would overlap are left out
  for (const double tick : ticks(plot.chart.x, 5)) {
    const double x = plot.x(tick);
    const std::string label = number(tick);
    const double half = kLetter * static_cast<double>(label.size()) / 2;
    svg += line_element("grid", x, kTop, x, kHeight - kBottom);
    if (x - half >= free_from) {
      svg += text_element(label, x, kHeight - kBottom + 14, "middle");
      free_from = x + half + kLetter;
    }
  }
  for (const double tick : ticks(plot.chart.y, 5)) {
    const double y = plot.y(tick);
    svg += line_element("grid", kLeft, y, kWidth - kRight, y);
    svg += text_element(number(tick), kLeft - 5, y + 4, "end");
  }
  const double bottom = kHeight - kBottom;
  svg += line_element("axis", kLeft, bottom, kWidth - kRight, bottom) + "\n";
  svg += text_element(plot.chart.x.label, (kLeft + kWidth - kRight) / 2, kHeight - 6, "middle");
  svg += text_element(plot.chart.y.label, 0, kTop - 8, "start");
  return svg + "\n";
}

std::string path(const Plot& plot, const Line& line) {
  std::string data;
  std::string last;
  for (std::size_t i = 0; i < line.points.size(); ++i) {
    const Point& point = line.points[i];
    if (line.stepped && i > 0) {
      data += "H" + fixed(plot.x(point.x), 1);
    }
    const std::string here = at(plot.x(point.x), plot.y(point.y));
    if (here != last) {
      data += (i == 0 ? "M" : "L") + here;
      last = here;
    }
  }
  return data;
}

std::string line_svg(const Plot& plot, const Line& line) {
  const std::string colour = "c" + std::to_string(line.colour);
  std::string svg;
  if (!line.points.empty()) {
    svg += "<path class=\"series " + colour + (line.dashed ? " dashed" : "") + "\" d=\"" +
           path(plot, line) + "\"/>";
  }
  const auto circles = [&](const std::vector<Point>& points, const char* kind) {
    for (const Point& point : points) {
      svg += "<circle class=\"" + std::string(kind) + " " + colour + "\" cx=\"" +
             fixed(plot.x(point.x), 1) + "\" cy=\"" + fixed(plot.y(point.y), 1) + "\" r=\"3\"/>";
    }
  };
  circles(line.dots, "dot");
  circles(line.rings, "ring");
  return svg + "\n";
}

/// Marks from left to right; a label that would cover the one before it goes a line further up.
std::string marks_svg(const Plot& plot, std::vector<Mark> marks) {
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.x < b.x; });
  std::string svg;
  std::array<double, 4> free_from{};
  for (const Mark& mark : marks) {
    if (mark.x < plot.chart.x.low || mark.x > plot.chart.x.high) {
      continue;
    }
    const double x = plot.x(mark.x);
    const double length = kLetter * static_cast<double>(mark.label.size());
    const bool left = x + 3 + length > kWidth;
    const double begin = left ? x - 3 - length : x + 3;
    std::size_t row = 0;
    while (row + 1 < free_from.size() && begin < free_from[row]) {
      ++row;
    }
    free_from[row] = begin + length;
    svg += line_element(mark.limit ? "limit" : "mark", x, kTop, x, kHeight - kBottom);
    svg += text_element(mark.label,
                        left ? x - 3 : x + 3,
                        kHeight - kBottom - 6 - 12 * static_cast<double>(row),
                        left ? "end" : "start",
                        mark.limit ? " class=\"limit-label\"" : " class=\"mark-label\"");
  }
  return svg + "\n";
}

std::string legend(const std::vector<Line>& lines) {
  std::string items;
  if (lines.size() > 1) {
    for (const Line& line : lines) {
      items += "<li><i class=\"c" + std::to_string(line.colour) + (line.dashed ? " dashed" : "") +
               "\"></i>" + escape(line.name) + "</li>";
    }
  }
  return items.empty() ? "" : "<ul class=\"legend\">" + items + "</ul>\n";
}

/// The nearest double; products of 0.1 would drift away from it.
double power_of_ten(int exponent) {
  double power = 1;
  for (int i = 0; i < std::abs(exponent); ++i) {
    power *= 10;
  }
  return exponent < 0 ? 1 / power : power;
}

/// The largest exponent of ten with a power up to `value` > 0, from -12 on.
int exponent_of(double value) {
  int exponent = -12;
  while (power_of_ten(exponent + 1) <= value) {
    ++exponent;
  }
  return exponent;
}

std::vector<double> logarithmic_ticks(const Axis& axis) {
  std::vector<double> values;
  const bool few = axis.high / axis.low < 2000;
  for (int exponent = exponent_of(axis.low); power_of_ten(exponent) <= axis.high; ++exponent) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = power_of_ten(exponent) * factor;
      const bool inside = tick >= axis.low * 0.999 && tick <= axis.high * 1.001;
      if (inside && (few || factor == 1.0)) {
        values.push_back(tick);
      }
    }
  }
  return values;
}

}  // namespace

double round_up(double value) {
  const double power = power_of_ten(exponent_of(value));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (power * factor >= value * (1 - 1e-9)) {
      return power * factor;
    }
  }
  return power * 10;
}

std::vector<double> ticks(const Axis& axis, int count) {
  if (axis.logarithmic) {
    return logarithmic_ticks(axis);
  }
  std::vector<double> values;
  const double step = round_up((axis.high - axis.low) / count);
  const auto first = static_cast<std::int64_t>(std::ceil(axis.low / step - 1e-9));
  const auto last = static_cast<std::int64_t>(std::floor(axis.high / step + 1e-9));
  for (std::int64_t i = first; i <= last; ++i) {
    values.push_back(static_cast<double>(i) * step);
  }
  return values;
}

std::string figure(const Chart& chart) {
  const Plot plot = {chart};
  std::string svg = "<figure><figcaption>" + escape(chart.title) + "</figcaption>\n" +
                    legend(chart.lines) + "<svg class=\"chart\" viewBox=\"0 0 " + fixed(kWidth, 0) +
                    " " + fixed(kHeight, 0) + "\" role=\"img\" aria-label=\"" +
                    escape(chart.title) + "\">\n" + grid(plot);
  for (const Line& line : chart.lines) {
    svg += line_svg(plot, line);
  }
  return svg + marks_svg(plot, chart.marks) + "</svg></figure>\n";
}

std::string heat_strip(const std::vector<double>& values, const char* css_class) {
  constexpr int kShades = 12;
  std::array<std::string, kShades + 1> paths;
  const auto shade = [&](std::size_t i) {
    const double level = std::clamp(values[i], 0.0, 1.0) * kShades;
    return static_cast<std::size_t>(std::ceil(level - 1e-9));
  };
  for (std::size_t begin = 0; begin < values.size();) {
    std::size_t end = begin + 1;
    while (end < values.size() && shade(end) == shade(begin)) {
      ++end;
    }
    const std::string width = std::to_string(end - begin);
    paths[shade(begin)] += "M" + std::to_string(begin) + " 0h" + width + "v1h-" + width + "z";
    begin = end;
  }
  std::string svg = "<svg viewBox=\"0 0 " + std::to_string(values.size()) +
                    " 1\" preserveAspectRatio=\"none\" shape-rendering=\"crispEdges\" class=\"" +
                    css_class + "\">";
  for (int level = 1; level <= kShades; ++level) {
    const std::string& path = paths[static_cast<std::size_t>(level)];
    if (!path.empty()) {
      svg += "<path fill-opacity=\"" + fixed(static_cast<double>(level) / kShades, 2) + "\" d=\"" +
             path + "\"/>";
    }
  }
  return svg + "</svg>";
}

}  // namespace hexgen::html
