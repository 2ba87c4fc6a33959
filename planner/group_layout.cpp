#include "planner/group_layout.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "planner/latency_search.h"
#include "planner/layer_cover.h"
#include "planner/node_splits.h"

namespace hexgen {
namespace {

constexpr double kRelaxation = 1.1;
constexpr int kMaxRelaxations = 16;  // 1.1^16 = 4.6

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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
