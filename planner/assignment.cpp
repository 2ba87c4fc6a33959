#include "planner/assignment.h"

#include <cassert>
#include <limits>

namespace hexgen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Shortest augmenting paths in reduced costs (Kuhn 1955, in the form of Jonker and Volgenant).
/// Column 0 stands for the row that is being added, so columns and rows count from 1.
class HungarianMethod {
 public:
  explicit HungarianMethod(const std::vector<std::vector<double>>& cost)
      : cost_(cost),
        columns_(cost.front().size()),
        row_price_(cost.size() + 1, 0.0),
        column_price_(columns_ + 1, 0.0),
        row_of_(columns_ + 1, 0) {}

  void add_row(std::size_t row) {
    std::vector<double> distance(columns_ + 1, kInfinity);
    std::vector<std::size_t> previous(columns_ + 1, 0);
    std::vector<bool> reached(columns_ + 1, false);
    row_of_[0] = row;
    std::size_t column = 0;
    while (row_of_[column] != 0) {
      reached[column] = true;
      column = reach_next(column, distance, previous, reached);
    }
    while (column != 0) {
      row_of_[column] = row_of_[previous[column]];
      column = previous[column];
    }
  }

  std::vector<int> columns() const {
    std::vector<int> columns(cost_.size(), 0);
    for (std::size_t column = 1; column <= columns_; ++column) {
      if (row_of_[column] != 0) {
        columns[row_of_[column] - 1] = static_cast<int>(column) - 1;
      }
    }
    return columns;
  }

 private:
  /// The nearest column not reached yet; prices are adjusted so that it is at distance 0.
  std::size_t reach_next(std::size_t from,
                         std::vector<double>& distance,
                         std::vector<std::size_t>& previous,
                         const std::vector<bool>& reached) {
    const std::size_t row = row_of_[from];
    std::size_t nearest = 0;
    double step = kInfinity;
    for (std::size_t column = 1; column <= columns_; ++column) {
      if (reached[column]) {
        continue;
      }
      const double reduced = cost_[row - 1][column - 1] - row_price_[row] - column_price_[column];
      if (reduced < distance[column]) {
        distance[column] = reduced;
        previous[column] = from;
      }
      if (distance[column] < step) {
        step = distance[column];
        nearest = column;
      }
    }
    for (std::size_t column = 0; column <= columns_; ++column) {
      if (reached[column]) {
        row_price_[row_of_[column]] += step;
        column_price_[column] -= step;
      } else {
        distance[column] -= step;
      }
    }
    return nearest;
  }

  const std::vector<std::vector<double>>& cost_;
  std::size_t columns_;
  std::vector<double> row_price_;
  std::vector<double> column_price_;
  std::vector<std::size_t> row_of_;  // [column]: 0 where it is free
};

}  // namespace

std::vector<int> cheapest_assignment(const std::vector<std::vector<double>>& cost) {
  if (cost.empty()) {
    return {};
  }
  assert(cost.size() <= cost.front().size());
  HungarianMethod method(cost);
  for (std::size_t row = 1; row <= cost.size(); ++row) {
    method.add_row(row);
  }
  return method.columns();
}

}  // namespace hexgen
