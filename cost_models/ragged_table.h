#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

namespace hexgen {

/// How a table is looked up along one axis. Below the first point every rule takes the first point.
enum class AxisRule {
  kLinear,   // between points; above the last one along the last two, but never falling
  kClamped,  // between points; above the last one its value
  kCeiling   // points are upper ends of ranges: the first one not below; above the last one, that
};

/// A value found in a table.
struct Lookup {
  double value = 0;
  bool outside = false;  // above the last point of a linear axis
};

/// Measured values over several axes of which not every combination was measured: under each point
/// of an axis lie the points that the next axis has there. A combination is looked up between the
/// nearest points on either side that have points at or below the rest of it. An axis with a single
/// point does not matter there.
class RaggedTable {
 public:
  struct Point {
    std::vector<double> at;  // one coordinate an axis
    double value = 0;
  };

  RaggedTable() = default;

  /// At least one point, no two with the same coordinates.
  RaggedTable(std::vector<AxisRule> axes, std::vector<Point> points);

  bool empty() const { return values_.empty(); }

  /// `at` has one coordinate an axis.
  Lookup lookup(std::initializer_list<double> at) const { return lookup(at.begin(), 0, 0); }

 private:
  /// Points [begin, end) of one axis under one combination of the axes before.
  struct Node {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  /// Entries on both sides of a coordinate; the same twice where there is nothing between.
  struct Bracket {
    std::size_t low = 0;
    std::size_t high = 0;
  };

  std::size_t build(const std::vector<Point>& points,
                    std::size_t first,
                    std::size_t last,
                    std::size_t axis);
  Lookup lookup(const double* at, std::size_t axis, std::size_t node) const;
  Lookup below(const double* at, std::size_t axis, std::size_t entry) const;
  std::size_t entry_at(double at, std::size_t axis, const Node& node) const;
  Bracket bracket(const double* at, std::size_t axis, const Node& node) const;
  std::size_t covered_below(const double* at,
                            std::size_t axis,
                            std::size_t entry,
                            const Node& node) const;
  bool covered(const double* at, std::size_t axis, std::size_t entry) const;

  std::vector<AxisRule> axes_;
  std::vector<Node> nodes_;        // the first one is the root
  std::vector<double> keys_;       // [entry]: coordinate
  std::vector<std::size_t> next_;  // [entry]: node of the next axis; on the last axis into values_
  std::vector<double> values_;
};

}  // namespace hexgen
