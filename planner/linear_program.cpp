#include "planner/linear_program.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace hexgen {
namespace {

constexpr double kZero = 1e-9;

/// Row i says: basic_[i] = last column - sum of the other columns times the nonbasic variables. The
/// last row is the objective, the last but one that of phase 1: minus the artificial variable.
class Tableau {
 public:
  explicit Tableau(const LinearProgram& program)
      : num_rows_(program.rows.size()),
        num_variables_(program.objective.size()),
        table_(num_rows_ + 2, std::vector<double>(num_variables_ + 2, 0.0)) {
    for (std::size_t i = 0; i < num_rows_; ++i) {
      const double scale = scale_of(program.rows[i]);
      for (std::size_t j = 0; j < num_variables_; ++j) {
        table_[i][j] = program.rows[i][j] / scale;
      }
      table_[i][num_variables_] = -1;
      table_[i].back() = program.limits[i] / scale;
      basic_.push_back(num_variables_ + 1 + i);
    }
    for (std::size_t j = 0; j < num_variables_; ++j) {
      table_.back()[j] = -program.objective[j];
      nonbasic_.push_back(j);
    }
    nonbasic_.push_back(artificial());
    table_[num_rows_][artificial()] = 1;
  }

  bool find_feasible_corner() {
    const std::size_t lowest = row_of_lowest_limit();
    if (num_rows_ == 0 || table_[lowest].back() >= -kZero) {
      return true;
    }
    pivot(lowest, artificial());
    climb(num_rows_);
    if (table_[num_rows_].back() < -kZero) {
      return false;
    }
    drop_artificial();
    return true;
  }

  void climb_to_optimum() { climb(num_rows_ + 1); }

  LinearSolution solution() const {
    LinearSolution solution = {.value = table_.back().back(),
                               .x = std::vector<double>(num_variables_, 0.0)};
    for (std::size_t i = 0; i < num_rows_; ++i) {
      if (basic_[i] < num_variables_) {
        solution.x[basic_[i]] = std::max(0.0, table_[i].back());
      }
    }
    return solution;
  }

 private:
  std::size_t artificial() const { return num_variables_; }

  static double scale_of(const std::vector<double>& row) {
    double largest = 0;
    for (const double entry : row) {
      largest = std::max(largest, std::abs(entry));
    }
    return largest > 0 ? largest : 1;
  }

  std::size_t row_of_lowest_limit() const {
    std::size_t lowest = 0;
    for (std::size_t i = 1; i < num_rows_; ++i) {
      if (table_[i].back() < table_[lowest].back()) {
        lowest = i;
      }
    }
    return lowest;
  }

  /// Exchanges the basic variable of `row` for the nonbasic one of `column`.
  void pivot(std::size_t row, std::size_t column) {
    const double inverse = 1 / table_[row][column];
    for (double& entry : table_[row]) {
      entry *= inverse;
    }
    table_[row][column] = inverse;
    for (std::size_t i = 0; i < table_.size(); ++i) {
      const double factor = table_[i][column];
      if (i == row || factor == 0) {
        continue;
      }
      for (std::size_t j = 0; j < table_[i].size(); ++j) {
        table_[i][j] -= factor * table_[row][j];
      }
      table_[i][column] = -factor * inverse;
    }
    std::swap(basic_[row], nonbasic_[column]);
  }

  /// The variable that improves the objective fastest enters. Degenerate corners might make that
  /// cycle, so in the end Bland's rule counts, which cannot: the smallest variable that improves it
  /// enters, and of the rows that bind first the smallest variable leaves. The artificial one does
  /// not come back in phase 2.
  void climb(std::size_t objective_row) {
    const std::size_t patience = 4 * (num_rows_ + num_variables_);
    std::size_t pivots = 0;
    while (const auto column = entering(objective_row, ++pivots > patience)) {
      const std::optional<std::size_t> row = leaving(*column);
      assert(row && "the program is unbounded");
      pivot(*row, *column);
    }
  }

  std::optional<std::size_t> entering(std::size_t objective_row, bool smallest) const {
    const std::vector<double>& slope = table_[objective_row];
    std::optional<std::size_t> best;
    for (std::size_t j = 0; j < nonbasic_.size(); ++j) {
      const bool barred = nonbasic_[j] == artificial() && objective_row != num_rows_;
      const bool improves = slope[j] < -kZero && !barred;
      if (improves &&
          (!best || (smallest ? nonbasic_[j] < nonbasic_[*best] : slope[j] < slope[*best]))) {
        best = j;
      }
    }
    return best;
  }

  std::optional<std::size_t> leaving(std::size_t column) const {
    std::optional<std::size_t> best;
    double least = 0;
    for (std::size_t i = 0; i < num_rows_; ++i) {
      if (table_[i][column] <= kZero) {
        continue;
      }
      const double ratio = table_[i].back() / table_[i][column];
      const bool equal = std::abs(ratio - least) <= kZero * (1 + std::abs(least));
      if (!best || (equal ? basic_[i] < basic_[*best] : ratio < least)) {
        best = i;
        least = ratio;
      }
    }
    return best;
  }

  /// After phase 1 the artificial variable is zero; where it is still basic, any column will do.
  void drop_artificial() {
    const auto found = std::find(basic_.begin(), basic_.end(), artificial());
    if (found == basic_.end()) {
      return;
    }
    const auto row = static_cast<std::size_t>(found - basic_.begin());
    const auto& entries = table_[row];
    const auto largest =
        std::max_element(entries.begin(), entries.end() - 1, [](double a, double b) {
          return std::abs(a) < std::abs(b);
        });
    if (std::abs(*largest) > kZero) {
      pivot(row, static_cast<std::size_t>(largest - entries.begin()));
    }
  }

  std::size_t num_rows_;
  std::size_t num_variables_;
  std::vector<std::vector<double>> table_;
  std::vector<std::size_t> basic_;     // [row]: variable
  std::vector<std::size_t> nonbasic_;  // [column]: variable
};

}  // namespace

void LinearProgram::add_row(std::vector<double> row, double limit) {
  rows.push_back(std::move(row));
  limits.push_back(limit);
}

std::optional<LinearSolution> maximise(const LinearProgram& program) {
  Tableau tableau(program);
  if (!tableau.find_feasible_corner()) {
    return std::nullopt;
  }
  tableau.climb_to_optimum();
  return tableau.solution();
}

}  // namespace hexgen
