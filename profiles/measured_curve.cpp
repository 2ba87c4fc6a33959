#include "profiles/measured_curve.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace hexgen {

MeasuredCurve::MeasuredCurve(std::vector<Point> points) {
  assert(!points.empty());
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return a.size != b.size ? a.size < b.size : a.time_s < b.time_s;
  });
  for (auto first = points.begin(); first != points.end();) {
    const auto last = std::find_if(
        first, points.end(), [&](const Point& point) { return point.size != first->size; });
    const auto count = static_cast<double>(last - first);
    double sum = 0;
    for (auto point = first; point != last; ++point) {
      sum += std::log(point->time_s);
    }
    points_.push_back({first->size, count == 1 ? first->time_s : std::exp(sum / count)});
    first = last;
  }
}

double MeasuredCurve::time_s(double size) const {
  const auto right =
      std::lower_bound(points_.begin(), points_.end(), size, [](const Point& point, double wanted) {
        return point.size < wanted;
      });
  if (right == points_.end()) {
    return points_.back().time_s;
  }
  if (right == points_.begin() || right->size == size) {
    return right->time_s;
  }
  const auto left = right - 1;
  const double share = (size - left->size) / (right->size - left->size);
  return left->time_s + share * (right->time_s - left->time_s);
}

}  // namespace hexgen
