#pragma once

#include <vector>

namespace hexgen {

/// Times measured at sizes. Exact there; between two sizes a straight line, as latency plus bytes
/// over bandwidth is; the first time below the smallest size. Above the largest size a curve knows
/// nothing: callers extend it by their model.
class MeasuredCurve {
 public:
  struct Point {
    double size = 0;
    double time_s = 0;
  };

  /// At least one point, all sizes and times above 0, in any order. Of points of one size the
  /// geometric mean counts.
  explicit MeasuredCurve(std::vector<Point> points);

  double time_s(double size) const;

  double smallest() const { return points_.front().size; }

  double largest() const { return points_.back().size; }

  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;  // rising by size
};

}  // namespace hexgen
