#include "planner/integer_program.h"

#include <cmath>
#include <queue>
#include <set>
#include <utility>

namespace hexgen {
namespace {

constexpr double kWhole = 1e-6;

/// Part of the feasible set: bounds on the whole numbers, and the relaxation's optimum there.
struct Region {
  std::vector<int> lower;
  std::vector<int> upper;
  LinearSolution optimum;
  std::size_t number = 0;
};

/// Of equally promising regions the newest comes first: it is the deepest.
struct LessPromising {
  bool operator()(const Region& a, const Region& b) const {
    return a.optimum.value != b.optimum.value ? a.optimum.value < b.optimum.value
                                              : a.number < b.number;
  }
};

std::vector<double> negated(std::vector<double> row) {
  for (double& entry : row) {
    entry = -entry;
  }
  return row;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

class BranchAndBound {
 public:
  BranchAndBound(const IntegerProgram& program, std::size_t max_programs)
      : program_(program),
        max_programs_(max_programs) {
    add(std::vector<int>(program.most.size(), 0), program.most);
  }

  /// False when there is no further solution, or the limit is reached.
  bool find_next(IntegerSolution& solution) {
    while (!open_.empty() && solved_ < max_programs_) {
      const Region region = open_.top();
      open_.pop();
      const std::vector<double> values = whole_values(region);
      const std::size_t fractional = first_fractional(values);
      if (fractional < values.size()) {
        branch(region, fractional, values[fractional]);
        continue;
      }
      solution = {.value = region.optimum.value, .x = region.optimum.x, .whole = {}};
      for (const double value : values) {
        solution.whole.push_back(static_cast<int>(std::lround(value)));
      }
      exclude(region, solution.whole);
      if (is_new(solution.whole)) {
        return true;
      }
    }
    return false;
  }

  bool complete() const { return solved_ < max_programs_ || open_.empty(); }

 private:
  void add(std::vector<int> lower, std::vector<int> upper) {
    LinearProgram bounded = program_.relaxation;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if (lower[i] > upper[i]) {
        return;
      }
      if (upper[i] < kNoBound) {
        bounded.add_row(program_.whole[i], upper[i]);
      }
      if (lower[i] > 0) {
        bounded.add_row(negated(program_.whole[i]), -lower[i]);
      }
    }
    ++solved_;
    if (auto optimum = maximise(bounded)) {
      open_.push({std::move(lower), std::move(upper), std::move(*optimum), solved_});
    }
  }

  /// Another region may hold a solution that differs in the other numbers alone.
  bool is_new(const std::vector<int>& whole) {
    const auto end = whole.begin() + static_cast<std::ptrdiff_t>(program_.distinguishing);
    return found_.emplace(whole.begin(), end).second;
  }

  std::vector<double> whole_values(const Region& region) const {
    std::vector<double> values;
    for (const std::vector<double>& form : program_.whole) {
      values.push_back(dot(form, region.optimum.x));
    }
    return values;
  }

  static std::size_t first_fractional(const std::vector<double>& values) {
    std::size_t i = 0;
    while (i < values.size() && std::abs(values[i] - std::round(values[i])) < kWhole) {
      ++i;
    }
    return i;
  }

  void branch(const Region& region, std::size_t i, double value) {
    std::vector<int> upper = region.upper;
    upper[i] = static_cast<int>(std::floor(value));
    add(region.lower, std::move(upper));
    std::vector<int> lower = region.lower;
    lower[i] = static_cast<int>(std::ceil(value));
    add(std::move(lower), region.upper);
  }

  /// What is left of the region without the solution: parts that agree with it in the first few of
  /// the distinguishing numbers and are below or above it in the next.
  void exclude(const Region& region, const std::vector<int>& found) {
    std::vector<int> lower = region.lower;
    std::vector<int> upper = region.upper;
    for (std::size_t i = 0; i < program_.distinguishing; ++i) {
      std::vector<int> below = upper;
      below[i] = found[i] - 1;
      add(lower, std::move(below));
      std::vector<int> above = lower;
      above[i] = found[i] + 1;
      add(std::move(above), upper);
      lower[i] = found[i];
      upper[i] = found[i];
    }
  }

  const IntegerProgram& program_;
  std::size_t max_programs_;
  std::size_t solved_ = 0;
  std::priority_queue<Region, std::vector<Region>, LessPromising> open_;
  std::set<std::vector<int>> found_;
};

}  // namespace

RankedSolutions best_solutions(const IntegerProgram& program,
                               std::size_t count,
                               std::size_t max_programs) {
  BranchAndBound search(program, max_programs);
  RankedSolutions ranked;
  IntegerSolution solution;
  while (ranked.solutions.size() < count && search.find_next(solution)) {
    ranked.solutions.push_back(solution);
  }
  ranked.complete = ranked.solutions.size() == count || search.complete();
  return ranked;
}

}  // namespace hexgen
