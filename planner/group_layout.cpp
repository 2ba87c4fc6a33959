#include "planner/group_layout.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "planner/arrangement.h"
#include "planner/layer_cover.h"
#include "planner/node_splits.h"

namespace hexgen {
namespace {

/// Branches that one search looks at before it keeps the best so far. Arrangements count by their
/// pairs of ends and by the transitions of the dynamic programming over their orders.
constexpr std::size_t kMaxWork = 50'000;
constexpr std::size_t kTransitionsPerBranch = 64;
constexpr std::size_t kTransitionsPerEnds = 16;

constexpr double kRelaxation = 1.1;
constexpr int kMaxRelaxations = 16;  // 1.1^16 = 4.6

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

/// Depth-first over one split a node; a leaf is an arrangement. A branch is cut when it cannot hold
/// the layers, or when its relaxation is no better than the best layout so far: every chosen stage
/// has one layer, its lowest fixed latency and its cheapest hand-off, and the other layers go, by
/// latency a layer, to the chosen stages and to the undecided nodes as if these came for free. When
/// several nodes are used, stages and token return form a round trip that leaves each of them.
class LatencySearch {
 public:
  LatencySearch(const LayoutProblem& problem, double max_stage_s)
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

  /// Looks for a layout better than the ones found so far.
  void search(const std::vector<std::vector<NodeSplit>>& splits) {
    splits_ = &splits;
    add_node_bounds();
    extend({});
  }

  std::optional<Layout>& best() { return best_; }

 private:
  struct Partial {
    std::size_t nodes = 0;  // decided
    int num_stages = 0;
    double latency_s = 0;   // lower bound with one layer a stage, without hand-offs
    double handoffs_s = 0;  // lower bound within nodes, counted once there are two stages
  };

  void add_option_bounds(int from) {
    const StageOption& option = problem_.option(from);
    double least = kInfinity;
    for (int to = 0; to < static_cast<int>(problem_.options.size()); ++to) {
      const double handoff_s =
          std::min(problem_.handoff(from, to), problem_.token_return(from, to));
      double& crossing_s = crossing(option.node, problem_.option(to).node);
      crossing_s = std::min(crossing_s, handoff_s);
      least = std::min(least, handoff_s);
    }
    least_handoff_s_.push_back(least);
    least_latency_s_.push_back(least_fixed_latency(option) + option.latency_s_per_layer);
    largest_cap_.push_back(largest_cap(caps_[static_cast<std::size_t>(from)]));
  }

  /// Items of the relaxation: the options, then the nodes. A node has the lowest slope of its
  /// options and, until it is decided, room for the most layers that any of its splits holds.
  void add_node_bounds() {
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

  double& crossing(int from_node, int to_node) {
    return crossing_s_[static_cast<std::size_t>(from_node) * problem_.devices.size() +
                       static_cast<std::size_t>(to_node)];
  }

  bool uses(std::size_t node) const { return !(*splits_)[node][chosen_[node]].stages.empty(); }

  /// Lower bound of what the round trip over several used nodes costs beyond `handoffs_s`.
  double crossings_s(std::size_t nodes_decided) const {
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

  double least_handoffs_s(const Partial& partial) const {
    return partial.num_stages > 1 ? partial.handoffs_s + crossings_s(partial.nodes) : 0;
  }

  bool hopeless(const Partial& partial) const {
    int left = problem_.num_layers - partial.num_stages;
    double bound_s = partial.latency_s + least_handoffs_s(partial);
    for (std::size_t rank = 0; rank < by_slope_.size() && left > 0; ++rank) {
      const int layers = std::min(left, room_[by_slope_[rank]]);
      bound_s += layers > 0 ? layers * slope_[by_slope_[rank]] : 0;
      left -= layers;
    }
    return left != 0 || bound_s >= best_latency_s_;
  }

  void extend(const Partial& partial) {
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

  Arrangement arrangement(int num_stages) const {
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

  void consider(const Partial& partial) {
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

  double handoffs_s(const Arrangement& stages, StageOrder& order, Ends ends) const {
    if (stages.num_stages == 1) {
      return 0;
    }
    return order.cost_s(ends.first, ends.last) +
           problem_.token_return(stages.stages[ends.last].option, stages.stages[ends.first].option);
  }

  const LayoutProblem& problem_;
  const std::vector<std::vector<NodeSplit>>* splits_ = nullptr;
  LayerCaps caps_;
  std::vector<double> crossing_s_;       // [from node * nodes + to node], cheapest
  std::vector<double> least_handoff_s_;  // [option]
  std::vector<double> least_latency_s_;  // [option], with one layer
  std::vector<int> largest_cap_;         // [option]
  std::vector<double> slope_;            // [item]: latency a layer
  std::vector<std::size_t> by_slope_;    // items, lowest slope first
  std::vector<int> room_;                // [item]: layers it can take in the relaxation
  std::vector<std::size_t> chosen_;      // [node]: its split
  std::size_t work_ = 0;                 // branches and states of orders looked at
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
      LatencySearch search(part.problem, max_stage_s);
      search.search(part.whole_nodes);  // a good layout early cuts more of the other branches
      search.search(part.splits.of_node);
      std::optional<Layout>& found = search.best();
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
    if (problem_.symmetric) {
      return lowest_latency(
          lowest_cap([&](double max_stage_s) { return lowest_latency(max_stage_s).has_value(); }));
    }
    double cap_s = lowest_cap([&](double max_stage_s) {
      return most_layers(problem_, layer_caps(problem_, max_stage_s)) >= problem_.num_layers;
    });
    std::optional<Layout> best = lowest_latency(cap_s);
    // In a large group the splits may miss the layout that the cover found.
    for (int relaxed = 0; !best && relaxed < kMaxRelaxations; ++relaxed) {
      cap_s *= kRelaxation;
      best = lowest_latency(cap_s);
    }
    return best;
  }

 private:
  struct Part {
    LayoutProblem problem;
    std::vector<std::vector<NodeSplit>> whole_nodes;
    GroupSplits splits;
  };

  void add_part(LayoutProblem problem) {
    Part part;
    for (std::size_t n = 0; n < problem.devices.size(); ++n) {
      part.whole_nodes.push_back(node_splits(problem, static_cast<int>(n), SplitRule::kWholeNode));
    }
    part.splits = group_splits(problem, kMaxArrangements);
    part.problem = std::move(problem);
    parts_.push_back(std::move(part));
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
  if (!fast) {
    return front;
  }
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
