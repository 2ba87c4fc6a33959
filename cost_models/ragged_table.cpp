#include "cost_models/ragged_table.h"

#include <algorithm>
#include <cassert>

namespace hexgen {

RaggedTable::RaggedTable(std::vector<AxisRule> axes, std::vector<Point> points)
    : axes_(std::move(axes)) {
  assert(!points.empty());
  std::sort(
      points.begin(), points.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
  build(points, 0, points.size(), 0);
}

/// Node over points [first, last), which agree on the axes before `axis`.
std::size_t RaggedTable::build(const std::vector<Point>& points,
                               std::size_t first,
                               std::size_t last,
                               std::size_t axis) {
  std::vector<std::size_t> starts;  // of the runs with one coordinate
  for (std::size_t i = first; i < last; ++i) {
    if (i == first || points[i].at[axis] != points[i - 1].at[axis]) {
      starts.push_back(i);
    }
  }
  const std::size_t node = nodes_.size();
  const std::size_t begin = keys_.size();
  nodes_.push_back({.begin = begin, .end = begin + starts.size()});
  keys_.resize(begin + starts.size());
  next_.resize(begin + starts.size());
  for (std::size_t k = 0; k < starts.size(); ++k) {
    keys_[begin + k] = points[starts[k]].at[axis];
    if (axis + 1 < axes_.size()) {
      const std::size_t run_end = k + 1 < starts.size() ? starts[k + 1] : last;
      const std::size_t child = build(points, starts[k], run_end, axis + 1);
      next_[begin + k] = child;
    } else {
      next_[begin + k] = values_.size();
      values_.push_back(points[starts[k]].value);
    }
  }
  return node;
}

Lookup RaggedTable::lookup(const double* at, std::size_t axis, std::size_t node) const {
  const Bracket sides = bracket(at, axis, nodes_[node]);
  const Lookup low = below(at, axis, sides.low);
  if (sides.low == sides.high) {
    return low;
  }
  const Lookup high = below(at, axis, sides.high);
  const double from = keys_[sides.low];
  const double share = (at[axis] - from) / (keys_[sides.high] - from);
  const double value = low.value + share * (high.value - low.value);
  if (share > 1) {
    return {.value = std::max(high.value, value), .outside = true};
  }
  return {.value = value, .outside = low.outside || high.outside};
}

Lookup RaggedTable::below(const double* at, std::size_t axis, std::size_t entry) const {
  if (axis + 1 == axes_.size()) {
    return {.value = values_[next_[entry]]};
  }
  return lookup(at, axis + 1, next_[entry]);
}

/// The last entry of the node at or below `at`, the first one when there is none; on an axis of
/// ranges the first one at or above, the last one when there is none.
std::size_t RaggedTable::entry_at(double at, std::size_t axis, const Node& node) const {
  const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(node.begin);
  const auto end = keys_.begin() + static_cast<std::ptrdiff_t>(node.end);
  auto entry = begin;
  if (axes_[axis] == AxisRule::kCeiling) {
    entry = std::lower_bound(begin, end - 1, at);
  } else {
    const auto above = std::upper_bound(begin, end, at);
    entry = above == begin ? begin : above - 1;
  }
  return static_cast<std::size_t>(entry - keys_.begin());
}

RaggedTable::Bracket RaggedTable::bracket(const double* at,
                                          std::size_t axis,
                                          const Node& node) const {
  const double x = at[axis];
  const std::size_t entry = entry_at(x, axis, node);
  const std::size_t last = node.end - 1;
  if (axes_[axis] == AxisRule::kCeiling || node.begin == last) {
    return {entry, entry};
  }
  if (keys_[last] < x) {
    const bool extend = axes_[axis] == AxisRule::kLinear;
    return {extend ? covered_below(at, axis, last - 1, node) : last, last};
  }
  const std::size_t low = covered_below(at, axis, entry, node);
  if (x <= keys_[low]) {
    return {low, low};
  }
  std::size_t high = entry + 1;
  while (high < last && !covered(at, axis, high)) {
    ++high;
  }
  return {low, high};
}

/// The nearest covered entry from `entry` downwards; `entry` when there is none.
std::size_t RaggedTable::covered_below(const double* at,
                                       std::size_t axis,
                                       std::size_t entry,
                                       const Node& node) const {
  for (std::size_t low = entry + 1; low-- > node.begin;) {
    if (covered(at, axis, low)) {
      return low;
    }
  }
  return entry;
}

/// True when the entry has points at or below the rest of the coordinates.
bool RaggedTable::covered(const double* at, std::size_t axis, std::size_t entry) const {
  for (++axis; axis < axes_.size(); ++axis) {
    const Node& node = nodes_[next_[entry]];
    if (axes_[axis] != AxisRule::kCeiling && at[axis] < keys_[node.begin]) {
      return false;
    }
    entry = entry_at(at[axis], axis, node);
  }
  return true;
}

}  // namespace hexgen
