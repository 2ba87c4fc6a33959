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
  for (std::size_t state = 1; state < states_; ++state) {
    for (std::size_t last = 0; last < options; ++last) {
      const double so_far = table.cost_s[state * options + last];
      if (so_far == kInfinity) {
        continue;
      }
      for (std::size_t next = 0; next < options; ++next) {
        const auto placed =
            (state / radix_[next]) % static_cast<std::size_t>(stages_[next].stages + 1);
        if (placed == static_cast<std::size_t>(stages_[next].stages)) {
          continue;
        }
        const std::size_t slot = (state + radix_[next]) * options + next;
        const double cost = so_far + handoff(last, next);
        if (cost < table.cost_s[slot]) {
          table.cost_s[slot] = cost;
          table.previous[slot] = static_cast<int>(last);
        }
      }
    }
  }
  return table;
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
