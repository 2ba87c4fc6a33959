#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "planner/linear_program.h"

namespace hexgen {

inline constexpr int kNoBound = std::numeric_limits<int>::max();

/// A linear program in which some sums must be whole numbers.
struct IntegerProgram {
  LinearProgram relaxation;
  std::vector<std::vector<double>> whole;  // whole[i] . x is a whole number >= 0 ...
  std::vector<int> most;                   // ... and at most most[i]; kNoBound: any
  /// Solutions are different when one of the first so many of the whole numbers is.
  std::size_t distinguishing = 0;
};

struct IntegerSolution {
  double value = 0;
  std::vector<double> x;
  std::vector<int> whole;
};

/// The `count` best different solutions, the best first; fewer when there are no more. Branch and
/// bound, the most promising bound first, so that solutions turn up in their order; after each the
/// rest of its region is divided along the distinguishing numbers (Lawler). Exact when `complete`;
/// it is not after `max_programs` linear programs, where the search ends with what it has found.
struct RankedSolutions {
  std::vector<IntegerSolution> solutions;
  bool complete = true;
};

RankedSolutions best_solutions(const IntegerProgram& program,
                               std::size_t count,
                               std::size_t max_programs = 20'000);

}  // namespace hexgen
