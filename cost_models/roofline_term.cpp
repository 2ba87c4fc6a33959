#include "cost_models/roofline_term.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace hexgen {

MeasuredRatio::MeasuredRatio(MeasuredCurve curve,
                             double size_per_row,
                             const RooflineTerm& model,
                             double shape_beyond)
    : curve_(std::move(curve)),
      size_per_row_(size_per_row),
      model_(model),
      shape_beyond_(shape_beyond) {}

double MeasuredRatio::at(double rows) const {
  const double inside = std::min(rows, curve_.largest() / size_per_row_);
  return curve_.time_s(inside * size_per_row_) / model_.roofline_s(inside);
}

double MeasuredRatio::least() const {
  double least = std::numeric_limits<double>::infinity();
  for (const MeasuredCurve::Point& point : curve_.points()) {
    least = std::min(least, point.time_s / model_.roofline_s(point.size / size_per_row_));
  }
  return least;
}

double MeasuredRatio::rows_beyond(double rows) const {
  const double size = rows * size_per_row_;
  return size <= 0 ? 1 : std::max({1.0, size / curve_.largest(), curve_.smallest() / size});
}

}  // namespace hexgen
