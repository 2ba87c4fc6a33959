#include "planner/latency_search.h"

#include <algorithm>
#include <utility>

namespace hexgen {
namespace {

/// Branches that one search looks at before it keeps the best so far. Arrangements count by their
/// pairs of ends and by the transitions of the dynamic programming over their orders.
constexpr std::size_t kMaxWork = 50'000;
constexpr std::size_t kTransitionsPerBranch = 64;
constexpr std::size_t kTransitionsPerEnds = 16;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double least_fixed_latency(const StageOption& option) {
  double least = kInfinity;
  for (const RoleLimits& limits : option.roles) {
    least = limits.max_layers > 0 ? std::min(least, limits.latency_s) : least;
  }
  return least;
}

int largest_cap(const std::array<int, kNumStageRoles>& caps) {
  return *std::max_element(caps.begin(), caps.end());
}

}  // namespace

LatencySearch::LatencySearch(const LayoutProblem& problem, double max_stage_s)
    : problem_(problem),
      caps_(layer_caps(problem, max_stage_s)) {
  const std::size_t options = problem.options.size();
  for (std::size_t item = 0; item < options + problem.devices.size(); ++item) {
    by_slope_.push_back(item);
  }
  crossing_s_.assign(problem.devices.size() * problem.devices.size(), kInfinity);
  for (std::size_t o = 0; o < options; ++o) {
    add_option_bounds(static_cast<int>(o));
  }
  room_.assign(by_slope_.size(), 0);
  chosen_.resize(problem.devices.size());
}

void LatencySearch::search(const std::vector<std::vector<NodeSplit>>& splits) {
  splits_ = &splits;
  add_node_bounds();
  extend({});
}

void LatencySearch::add_option_bounds(int from) {
  const StageOption& option = problem_.option(from);
  double least = kInfinity;
  for (int to = 0; to < static_cast<int>(problem_.options.size()); ++to) {
    const double handoff_s = std::min(problem_.handoff(from, to), problem_.token_return(from, to));
    double& crossing_s = crossing(option.node, problem_.option(to).node);
    crossing_s = std::min(crossing_s, handoff_s);
    least = std::min(least, handoff_s);
  }
  least_handoff_s_.push_back(least);
  least_latency_s_.push_back(least_fixed_latency(option) + option.latency_s_per_layer);
  largest_cap_.push_back(largest_cap(caps_[static_cast<std::size_t>(from)]));
}

void LatencySearch::add_node_bounds() {
  const std::size_t options = problem_.options.size();
  std::vector<double> slope(options + problem_.devices.size(), kInfinity);
  for (std::size_t o = 0; o < options; ++o) {
    const StageOption& option = problem_.options[o];
    double& of_node = slope[options + static_cast<std::size_t>(option.node)];
    slope[o] = option.latency_s_per_layer;
    of_node = std::min(of_node, slope[o]);
  }
  std::stable_sort(by_slope_.begin(), by_slope_.end(), [&](std::size_t a, std::size_t b) {
    return slope[a] < slope[b];
  });
  slope_ = std::move(slope);
  for (std::size_t n = 0; n < problem_.devices.size(); ++n) {
    int most = 0;
    for (const NodeSplit& split : (*splits_)[n]) {
      int layers = 0;
      for (const StageCount& stage : split.stages) {
        layers += stage.stages * largest_cap_[static_cast<std::size_t>(stage.option)];
      }
      most = std::max(most, layers);
    }
    room_[options + n] = most;
  }
}

double& LatencySearch::crossing(int from_node, int to_node) {
  return crossing_s_[static_cast<std::size_t>(from_node) * problem_.devices.size() +
                     static_cast<std::size_t>(to_node)];
}

double LatencySearch::crossings_s(std::size_t nodes_decided) const {
  double sum = 0;
  int nodes_used = 0;
  for (std::size_t n = 0; n < nodes_decided; ++n) {
    if (!uses(n)) {
      continue;
    }
    ++nodes_used;
    double leave_s = kInfinity;
    for (std::size_t m = 0; m < problem_.devices.size(); ++m) {
      if (m != n && (m >= nodes_decided || uses(m))) {
        leave_s = std::min(leave_s, crossing_s_[n * problem_.devices.size() + m]);
      }
    }
    double counted_s = 0;
    for (const StageCount& stage : (*splits_)[n][chosen_[n]].stages) {
      counted_s = std::max(counted_s, least_handoff_s_[static_cast<std::size_t>(stage.option)]);
    }
    sum += std::max(0.0, leave_s - counted_s);
  }
  return nodes_used > 1 ? sum : 0;
}

double LatencySearch::least_handoffs_s(const Partial& partial) const {
  return partial.num_stages > 1 ? partial.handoffs_s + crossings_s(partial.nodes) : 0;
}

bool LatencySearch::hopeless(const Partial& partial) const {
  int left = problem_.num_layers - partial.num_stages;
  double bound_s = partial.latency_s + least_handoffs_s(partial);
  for (std::size_t rank = 0; rank < by_slope_.size() && left > 0; ++rank) {
    const int layers = std::min(left, room_[by_slope_[rank]]);
    bound_s += layers > 0 ? layers * slope_[by_slope_[rank]] : 0;
    left -= layers;
  }
  return left != 0 || bound_s >= best_latency_s_;
}

void LatencySearch::extend(const Partial& partial) {
  ++work_;
  if (work_ > kMaxWork || hopeless(partial)) {
    return;
  }
  const std::size_t node = partial.nodes;
  if (node == problem_.devices.size()) {
    consider(partial);
    return;
  }
  const std::size_t start = problem_.same_as_previous[node] ? chosen_[node - 1] : 0;
  int& undecided = room_[problem_.options.size() + node];
  const int most = std::exchange(undecided, 0);
  for (std::size_t s = start; s < (*splits_)[node].size(); ++s) {
    const NodeSplit& split = (*splits_)[node][s];
    Partial next = partial;
    ++next.nodes;
    next.num_stages += split.num_stages;
    for (const StageCount& stage : split.stages) {
      const auto option = static_cast<std::size_t>(stage.option);
      next.latency_s += stage.stages * least_latency_s_[option];
      next.handoffs_s += stage.stages * least_handoff_s_[option];
      room_[option] = stage.stages * (largest_cap_[option] - 1);
    }
    chosen_[node] = s;
    extend(next);
    for (const StageCount& stage : split.stages) {
      room_[static_cast<std::size_t>(stage.option)] = 0;
    }
  }
  undecided = most;
}

Arrangement LatencySearch::arrangement(int num_stages) const {
  Arrangement arrangement = {.stages = {}, .num_stages = num_stages};
  for (std::size_t n = 0; n < chosen_.size(); ++n) {
    const std::vector<StageCount>& stages = (*splits_)[n][chosen_[n]].stages;
    arrangement.stages.insert(arrangement.stages.end(), stages.begin(), stages.end());
  }
  std::stable_sort(arrangement.stages.begin(),
                   arrangement.stages.end(),
                   [&](const StageCount& a, const StageCount& b) {
                     return slope_[static_cast<std::size_t>(a.option)] <
                            slope_[static_cast<std::size_t>(b.option)];
                   });
  return arrangement;
}

void LatencySearch::consider(const Partial& partial) {
  if (partial.num_stages == 0) {
    return;
  }
  const Arrangement stages = arrangement(partial.num_stages);
  const LayerDivision division(problem_, caps_, stages);
  StageOrder order(problem_, stages.stages);
  const double least_s = least_handoffs_s(partial);
  for (Ends ends; ends.first < stages.stages.size(); ++ends.first) {
    for (ends.last = 0; ends.last < stages.stages.size(); ++ends.last) {
      const double without_handoffs_s = division.latency_s(ends);
      if (without_handoffs_s + least_s >= best_latency_s_) {
        continue;
      }
      const double latency_s = without_handoffs_s + handoffs_s(stages, order, ends);
      if (latency_s < best_latency_s_) {
        best_ = price_layout(problem_, division.divide(order.order(ends.first, ends.last), ends));
        best_latency_s_ = latency_s;
      }
    }
  }
  work_ += (order.work() + stages.stages.size() * stages.stages.size() * kTransitionsPerEnds) /
           kTransitionsPerBranch;
}

double LatencySearch::handoffs_s(const Arrangement& stages, StageOrder& order, Ends ends) const {
  if (stages.num_stages == 1) {
    return 0;
  }
  return order.cost_s(ends.first, ends.last) +
         problem_.token_return(stages.stages[ends.last].option, stages.stages[ends.first].option);
}

}  // namespace hexgen
