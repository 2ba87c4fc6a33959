#pragma once

#include <optional>
#include <vector>

namespace hexgen {

/// Maximise objective . x over x >= 0 with rows[i] . x <= limits[i]. Must be bounded.
struct LinearProgram {
  std::vector<double> objective;
  std::vector<std::vector<double>> rows;
  std::vector<double> limits;

  void add_row(std::vector<double> row, double limit);
};

struct LinearSolution {
  double value = 0;
  std::vector<double> x;
};

/// The optimum, at a corner of the feasible set; none when that is empty. Two-phase simplex method
/// on a dense tableau: for tens of rows, not thousands.
std::optional<LinearSolution> maximise(const LinearProgram& program);

}  // namespace hexgen
