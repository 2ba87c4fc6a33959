#pragma once

#include <vector>

#include "planner/layout_problem.h"

namespace hexgen {

/// How often one option stands in a pipeline.
struct StageCount {
  int option = 0;
  int stages = 0;
};

/// Cheapest orders of a fixed multiset of stages, by hand-off time.
///
/// Dynamic programming over (how many stages of each option are placed, which option came last):
/// prod(stages + 1) * options states, options transitions each. Above `kMaxOrderStates` states the
/// order is built by always taking the cheapest next hand-off instead, and exact() is false.
class StageOrder {
 public:
  static constexpr std::size_t kMaxOrderStates = std::size_t{1} << 16;

  StageOrder(const LayoutProblem& problem, std::vector<StageCount> stages);

  bool exact() const { return exact_; }

  /// Transitions computed so far.
  std::size_t work() const { return work_; }

  /// Sum of the hand-offs of the best order that starts with stages[first] and ends with
  /// stages[last]; infinite when there is none (first == last, with a single such stage among
  /// others).
  double cost_s(std::size_t first, std::size_t last);

  /// Options in that order.
  std::vector<int> order(std::size_t first, std::size_t last);

 private:
  struct Table {  // for one first stage; indexed by state * options + last
    std::vector<double> cost_s;
    std::vector<int> previous;
  };

  const Table& table(std::size_t first);
  Table fill_table(std::size_t first) const;
  void extend_state(Table& table,
                    std::size_t state,
                    const std::vector<std::size_t>& placed,
                    std::size_t next) const;
  std::vector<int> greedy_order(std::size_t first, std::size_t last) const;
  bool feasible(std::size_t first, std::size_t last) const;

  double handoff(std::size_t from, std::size_t to) const {
    return handoff_s_[from * stages_.size() + to];
  }

  const LayoutProblem& problem_;
  std::vector<StageCount> stages_;
  std::vector<double> handoff_s_;   // [from * stages + to]
  std::vector<std::size_t> radix_;  // weight of each option in the state number
  std::size_t states_ = 1;
  int total_ = 0;
  bool exact_ = true;
  std::size_t work_ = 0;
  std::vector<Table> tables_;
};

}  // namespace hexgen
