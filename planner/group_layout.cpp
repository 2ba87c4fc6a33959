#include "planner/group_layout.h"

#include <algorithm>
#include <cmath>

#include "planner/arrangement.h"
#include "planner/layer_cover.h"
#include "planner/node_splits.h"

namespace hexgen {
namespace {

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

/// Depth-first over one split a node; a leaf is an arrangement. Branches that cannot hold the
/// layers or cannot beat the best layout so far are cut.
class LatencySearch {
 public:
  LatencySearch(const LayoutProblem& problem, const GroupSplits& splits, double max_stage_s)
      : problem_(problem),
        splits_(splits),
        caps_(layer_caps(problem, max_stage_s)) {
    bound_options();
    bound_nodes();
  }

  std::optional<Layout> run() {
    chosen_.resize(problem_.devices.size());
    extend(0, {});
    return std::move(best_);
  }

 private:
  struct Partial {
    int num_stages = 0;
    int most_layers = 0;
    double fixed_latency_s = 0;  // lower bound without hand-offs and layers
    double handoffs_s = 0;       // lower bound, counted once there are two stages
  };

  void bound_options() {
    least_slope_ = kInfinity;
    for (std::size_t o = 0; o < problem_.options.size(); ++o) {
      const int from = static_cast<int>(o);
      double least = kInfinity;
      for (int to = 0; to < static_cast<int>(problem_.options.size()); ++to) {
        least = std::min({least, problem_.handoff(from, to), problem_.token_return(from, to)});
      }
      least_handoff_s_.push_back(least);
      least_latency_s_.push_back(least_fixed_latency(problem_.options[o]));
      least_slope_ = std::min(least_slope_, problem_.options[o].latency_s_per_layer);
    }
  }

  int split_layers(const NodeSplit& split) const {
    int layers = 0;
    for (const StageCount& stage : split.stages) {
      layers += stage.stages * largest_cap(caps_[static_cast<std::size_t>(stage.option)]);
    }
    return layers;
  }

  void bound_nodes() {
    layers_from_.assign(problem_.devices.size() + 1, 0);
    for (std::size_t n = problem_.devices.size(); n-- > 0;) {
      int most = 0;
      for (const NodeSplit& split : splits_.of_node[n]) {
        most = std::max(most, split_layers(split));
      }
      layers_from_[n] = layers_from_[n + 1] + most;
    }
  }

  bool hopeless(std::size_t node, const Partial& partial) const {
    if (partial.num_stages > problem_.num_layers ||
        partial.most_layers + layers_from_[node] < problem_.num_layers) {
      return true;
    }
    const double handoffs_s = partial.num_stages > 1 ? partial.handoffs_s : 0;
    return partial.fixed_latency_s + handoffs_s + problem_.num_layers * least_slope_ >=
           best_latency_s_;
  }

  void extend(std::size_t node, const Partial& partial) {
    if (hopeless(node, partial)) {
      return;
    }
    if (node == problem_.devices.size()) {
      consider(partial);
      return;
    }
    const std::size_t start = problem_.same_as_previous[node] ? chosen_[node - 1] : 0;
    for (std::size_t s = start; s < splits_.of_node[node].size(); ++s) {
      const NodeSplit& split = splits_.of_node[node][s];
      Partial next = partial;
      next.num_stages += split.num_stages;
      next.most_layers += split_layers(split);
      for (const StageCount& stage : split.stages) {
        const auto option = static_cast<std::size_t>(stage.option);
        next.fixed_latency_s += stage.stages * least_latency_s_[option];
        next.handoffs_s += stage.stages * least_handoff_s_[option];
      }
      chosen_[node] = s;
      extend(node + 1, next);
    }
  }

  Arrangement arrangement(int num_stages) const {
    Arrangement arrangement = {.num_stages = num_stages};
    for (std::size_t n = 0; n < chosen_.size(); ++n) {
      const std::vector<StageCount>& stages = splits_.of_node[n][chosen_[n]].stages;
      arrangement.stages.insert(arrangement.stages.end(), stages.begin(), stages.end());
    }
    std::stable_sort(arrangement.stages.begin(),
                     arrangement.stages.end(),
                     [&](const StageCount& a, const StageCount& b) {
                       return problem_.option(a.option).latency_s_per_layer <
                              problem_.option(b.option).latency_s_per_layer;
                     });
    return arrangement;
  }

  void consider(const Partial& partial) {
    if (partial.num_stages == 0) {
      return;
    }
    const Arrangement stages = arrangement(partial.num_stages);
    const LayerDivision division(problem_, caps_, stages);
    StageOrder order(problem_, stages.stages);
    const double least_handoffs_s = partial.num_stages > 1 ? partial.handoffs_s : 0;
    for (Ends ends; ends.first < stages.stages.size(); ++ends.first) {
      for (ends.last = 0; ends.last < stages.stages.size(); ++ends.last) {
        const double without_handoffs_s = division.latency_s(ends);
        if (without_handoffs_s + least_handoffs_s >= best_latency_s_) {
          continue;
        }
        const double latency_s = without_handoffs_s + handoffs_s(stages, order, ends);
        if (latency_s < best_latency_s_) {
          best_ = price_layout(problem_, division.divide(order.order(ends.first, ends.last), ends));
          best_latency_s_ = latency_s;
        }
      }
    }
  }

  double handoffs_s(const Arrangement& stages, StageOrder& order, Ends ends) const {
    if (stages.num_stages == 1) {
      return 0;
    }
    return order.cost_s(ends.first, ends.last) +
           problem_.token_return(stages.stages[ends.last].option, stages.stages[ends.first].option);
  }

  const LayoutProblem& problem_;
  const GroupSplits& splits_;
  LayerCaps caps_;
  std::vector<double> least_handoff_s_;
  std::vector<double> least_latency_s_;
  double least_slope_ = 0;
  std::vector<int> layers_from_;  // most layers on the nodes from n on
  std::vector<std::size_t> chosen_;
  std::optional<Layout> best_;
  double best_latency_s_ = kInfinity;
};

/// The problem with stages of one TP degree alone.
LayoutProblem with_tp_degree(LayoutProblem problem, int tp_degree) {
  for (StageOption& option : problem.options) {
    for (RoleLimits& limits : option.roles) {
      limits.max_layers = option.tp_degree == tp_degree ? limits.max_layers : 0;
    }
  }
  return problem;
}

/// One problem, or for symmetric layouts one for each TP degree, with its splits.
class LayoutSolver {
 public:
  explicit LayoutSolver(const LayoutProblem& problem)
      : problem_(problem) {
    if (!problem.symmetric) {
      add_part(problem);
      return;
    }
    const int most = *std::max_element(problem.devices.begin(), problem.devices.end());
    for (int tp_degree = 1; tp_degree <= most; ++tp_degree) {
      add_part(with_tp_degree(problem, tp_degree));
    }
  }

  std::optional<Layout> lowest_latency(double max_stage_s) const {
    std::optional<Layout> best;
    for (const Part& part : parts_) {
      std::optional<Layout> found = LatencySearch(part.problem, part.splits, max_stage_s).run();
      if (found && (!best || found->latency_s < best->latency_s)) {
        best = std::move(found);
      }
    }
    return best;
  }

  std::optional<Layout> lowest_bottleneck() const {
    if (most_layers_that_fit(problem_) < problem_.num_layers) {
      return std::nullopt;
    }
    std::optional<Layout> best;
    if (!problem_.symmetric) {
      best = lowest_latency(lowest_cap([&](double max_stage_s) {
        return most_layers(problem_, layer_caps(problem_, max_stage_s)) >= problem_.num_layers;
      }));
    }
    if (!best) {  // symmetric, or the splits of a large group miss the layout that the cover found
      best = lowest_latency(
          lowest_cap([&](double max_stage_s) { return lowest_latency(max_stage_s).has_value(); }));
    }
    return best;
  }

 private:
  struct Part {
    LayoutProblem problem;
    GroupSplits splits;
  };

  void add_part(LayoutProblem problem) {
    GroupSplits splits = group_splits(problem, kMaxArrangements);
    parts_.push_back({std::move(problem), std::move(splits)});
  }

  /// Largest time that some stage can take and that is below `limit_s`; 0 when there is none.
  double stage_time_below(double limit_s) const {
    double largest = 0;
    const double below = std::nextafter(limit_s, 0.0);
    const LayerCaps caps = layer_caps(problem_, below);
    for (std::size_t o = 0; o < caps.size(); ++o) {
      const StageOption& option = problem_.options[o];
      for (std::size_t r = 0; r < kNumStageRoles; ++r) {
        if (caps[o][r] > 0) {
          largest = std::max(
              largest, option.roles[r].iteration_s + option.iteration_s_per_layer * caps[o][r]);
        }
      }
    }
    return largest;
  }

  /// Lowest stage time at which `fits` holds: bisection that snaps to times stages can take, so it
  /// ends exactly on one. 0 when it does not hold without a cap.
  template <typename Fits>
  double lowest_cap(Fits fits) const {
    double low = 0;
    double high = stage_time_below(kInfinity);
    if (!fits(high)) {
      return 0;
    }
    while (true) {
      const double highest_below = stage_time_below(high);
      if (highest_below <= low) {
        return high;
      }
      const double middle = std::min(highest_below, low + (high - low) / 2);
      if (!fits(middle)) {
        low = middle;
      } else {
        high = stage_time_below(std::nextafter(middle, kInfinity));
      }
    }
  }

  const LayoutProblem& problem_;
  std::vector<Part> parts_;
};

}  // namespace

std::optional<Layout> lowest_latency_layout(const LayoutProblem& problem, double max_stage_s) {
  return LayoutSolver(problem).lowest_latency(max_stage_s);
}

std::optional<Layout> lowest_bottleneck_layout(const LayoutProblem& problem) {
  return LayoutSolver(problem).lowest_bottleneck();
}

std::vector<Layout> layout_front(const LayoutProblem& problem, int points) {
  const LayoutSolver solver(problem);
  const std::optional<Layout> slow = solver.lowest_latency(kInfinity);
  if (!slow) {
    return {};
  }
  std::vector<Layout> front = {*slow};
  const std::optional<Layout> fast = solver.lowest_bottleneck();
  const double ratio = fast->bottleneck_s / slow->bottleneck_s;
  for (int p = 1; p < points; ++p) {
    const double cap_s =
        p + 1 == points
            ? fast->bottleneck_s
            : slow->bottleneck_s * std::pow(ratio, static_cast<double>(p) / (points - 1));
    if (cap_s >= front.back().bottleneck_s) {
      continue;
    }
    std::optional<Layout> found = solver.lowest_latency(cap_s);
    if (found && found->bottleneck_s < front.back().bottleneck_s) {
      front.push_back(std::move(*found));
    }
  }
  return front;
}

int most_layers_that_fit(const LayoutProblem& problem) {
  return most_layers(problem, layer_caps(problem, kInfinity));
}

}  // namespace hexgen
