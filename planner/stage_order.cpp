#include "planner/stage_order.h"

#include <algorithm>
#include <limits>

namespace hexgen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

StageOrder::StageOrder(const LayoutProblem& problem, std::vector<StageCount> stages)
    : problem_(problem),
      stages_(std::move(stages)) {
  for (const StageCount& stage : stages_) {
    radix_.push_back(states_);
    total_ += stage.stages;
    if (states_ * stages_.size() <= kMaxOrderStates) {
      states_ *= static_cast<std::size_t>(stage.stages) + 1;
    }
  }
  exact_ = states_ * stages_.size() <= kMaxOrderStates;
  for (const StageCount& from : stages_) {
    for (const StageCount& to : stages_) {
      handoff_s_.push_back(problem_.handoff(from.option, to.option));
    }
  }
  tables_.resize(stages_.size());
}

bool StageOrder::feasible(std::size_t first, std::size_t last) const {
  return first != last || total_ == 1 || stages_[first].stages > 1;
}

StageOrder::Table StageOrder::fill_table(std::size_t first) const {
  const std::size_t options = stages_.size();
  Table table{.cost_s = std::vector<double>(states_ * options, kInfinity),
              .previous = std::vector<int>(states_ * options, -1)};
  table.cost_s[radix_[first] * options + first] = 0;
  std::vector<int> left;  // stages not placed yet in the current state, counted down like a clock
  for (const StageCount& stage : stages_) {
    left.push_back(stage.stages);
  }
  std::vector<std::size_t> placed;  // stages that an order of the current state may end with
  for (std::size_t state = 0; state < states_; ++state) {
    if (left[first] < stages_[first].stages) {
      placed.clear();
      for (std::size_t last = 0; last < options; ++last) {
        if (left[last] < stages_[last].stages) {
          placed.push_back(last);
        }
      }
      for (std::size_t next = 0; next < options; ++next) {
        if (left[next] > 0) {
          extend_state(table, state, placed, next);
        }
      }
    }
    for (std::size_t digit = 0; digit < options && left[digit]-- == 0; ++digit) {
      left[digit] = stages_[digit].stages;
    }
  }
  return table;
}

/// Each state that ends with `next` has one state before it, so its slot is filled once.
void StageOrder::extend_state(Table& table,
                              std::size_t state,
                              const std::vector<std::size_t>& placed,
                              std::size_t next) const {
  const std::size_t options = stages_.size();
  const double* so_far = &table.cost_s[state * options];
  double best_s = kInfinity;
  std::size_t best = placed.front();
  for (const std::size_t last : placed) {
    const double cost_s = so_far[last] + handoff_s_[last * options + next];
    if (cost_s < best_s) {
      best_s = cost_s;
      best = last;
    }
  }
  const std::size_t slot = (state + radix_[next]) * options + next;
  table.cost_s[slot] = best_s;
  table.previous[slot] = static_cast<int>(best);
}

const StageOrder::Table& StageOrder::table(std::size_t first) {
  if (tables_[first].cost_s.empty()) {
    tables_[first] = fill_table(first);
    work_ += states_ * stages_.size() * stages_.size();
  }
  return tables_[first];
}

std::vector<int> StageOrder::greedy_order(std::size_t first, std::size_t last) const {
  std::vector<int> left;
  for (const StageCount& stage : stages_) {
    left.push_back(stage.stages);
  }
  std::vector<int> order;
  std::size_t current = first;
  --left[first];
  left[last] -= total_ > 1 ? 1 : 0;
  order.push_back(stages_[first].option);
  while (static_cast<int>(order.size()) + 1 < total_) {
    std::size_t best = stages_.size();
    for (std::size_t next = 0; next < stages_.size(); ++next) {
      const bool better = best == stages_.size() || handoff(current, next) < handoff(current, best);
      best = left[next] > 0 && better ? next : best;
    }
    --left[best];
    order.push_back(stages_[best].option);
    current = best;
  }
  if (total_ > 1) {
    order.push_back(stages_[last].option);
  }
  return order;
}

double StageOrder::cost_s(std::size_t first, std::size_t last) {
  if (!feasible(first, last)) {
    return kInfinity;
  }
  if (exact_) {
    return table(first).cost_s[(states_ - 1) * stages_.size() + last];
  }
  const std::vector<int> options = greedy_order(first, last);
  double cost = 0;
  for (std::size_t s = 0; s + 1 < options.size(); ++s) {
    cost += problem_.handoff(options[s], options[s + 1]);
  }
  return cost;
}

std::vector<int> StageOrder::order(std::size_t first, std::size_t last) {
  if (!exact_) {
    return greedy_order(first, last);
  }
  const Table& filled = table(first);
  std::vector<int> reversed;
  std::size_t state = states_ - 1;
  for (auto at = static_cast<int>(last); at >= 0;) {
    const auto option = static_cast<std::size_t>(at);
    reversed.push_back(stages_[option].option);
    at = filled.previous[state * stages_.size() + option];
    state -= radix_[option];
  }
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace hexgen
