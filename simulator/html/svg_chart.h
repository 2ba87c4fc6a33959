#pragma once

#include <string>
#include <vector>

namespace hexgen::html {

struct Point {
  double x = 0;
  double y = 0;

  bool operator==(const Point&) const = default;
};

struct Axis {
  std::string label;  // with the unit
  double low = 0;
  double high = 1;
  bool logarithmic = false;
};

/// A line of a chart. Colours go by number, 0..6.
struct Line {
  std::string name;
  std::vector<Point> points;
  int colour = 0;
  bool dashed = false;
  bool stepped = false;           // holds its value until the next point
  std::vector<Point> dots = {};   // places to mark with a filled dot
  std::vector<Point> rings = {};  // with an open ring
};

/// A vertical line with a word at its top.
struct Mark {
  double x = 0;
  std::string label;
  bool limit = false;  // drawn as one
};

struct Chart {
  std::string title;
  Axis x;
  Axis y;
  std::vector<Line> lines;
  std::vector<Mark> marks;
};

/// About `count` round values within the axis; powers of ten with 2 and 5 between on a logarithmic
/// one.
std::vector<double> ticks(const Axis& axis, int count);

/// A round value not below `value` > 0: 1, 2, 2.5 or 5 times a power of ten.
double round_up(double value);

/// A figure with title, legend (when there are several lines) and an inline SVG that scales with
/// the page. Points outside the axes are cut off; all texts are escaped.
std::string figure(const Chart& chart);

/// A strip of `values` in 0..1 as shades, one column each, as wide as its place.
std::string heat_strip(const std::vector<double>& values, const char* css_class);

}  // namespace hexgen::html
