#include "planner/node_splits.h"

#include <algorithm>
#include <bit>

namespace hexgen {
namespace {

bool holds_a_layer(const StageOption& option) {
  return std::any_of(option.roles.begin(), option.roles.end(), [](const RoleLimits& limits) {
    return limits.max_layers > 0;
  });
}

/// Usable options of a node, largest TP degree first.
std::vector<int> usable_options(const LayoutProblem& problem, int node, SplitRule rule) {
  std::vector<int> usable;
  for (std::size_t o = 0; o < problem.options.size(); ++o) {
    const StageOption& option = problem.options[o];
    const bool allowed =
        rule == SplitRule::kAll || std::has_single_bit(static_cast<unsigned>(option.tp_degree));
    if (option.node == node && allowed && holds_a_layer(option)) {
      usable.push_back(static_cast<int>(o));
    }
  }
  std::stable_sort(usable.begin(), usable.end(), [&](int a, int b) {
    return problem.options[static_cast<std::size_t>(a)].tp_degree >
           problem.options[static_cast<std::size_t>(b)].tp_degree;
  });
  return usable;
}

class SplitEnumeration {
 public:
  SplitEnumeration(const LayoutProblem& problem, std::vector<int> options, SplitRule rule)
      : problem_(problem),
        options_(std::move(options)),
        rule_(rule) {}

  std::vector<NodeSplit> run(int devices) {
    extend(0, devices);
    return std::move(splits_);
  }

 private:
  void extend(std::size_t next, int devices_left) {
    if (next == options_.size()) {
      if (rule_ != SplitRule::kWholeNode || devices_left == 0 || current_.stages.empty()) {
        splits_.push_back(current_);
      }
      return;
    }
    const int tp_degree = problem_.options[static_cast<std::size_t>(options_[next])].tp_degree;
    const bool mixes = rule_ == SplitRule::kAll || rule_ == SplitRule::kPowersOfTwo;
    const int most = mixes || current_.stages.empty() ? devices_left / tp_degree : 0;
    for (int stages = most; stages >= 1; --stages) {
      current_.stages.push_back({.option = options_[next], .stages = stages});
      current_.num_stages += stages;
      extend(next + 1, devices_left - stages * tp_degree);
      current_.num_stages -= stages;
      current_.stages.pop_back();
    }
    extend(next + 1, devices_left);
  }

  const LayoutProblem& problem_;
  std::vector<int> options_;
  SplitRule rule_;
  NodeSplit current_;
  std::vector<NodeSplit> splits_;
};

/// Choices of one split a node, where a run of n same nodes with s splits has C(n + s - 1, n).
double count_arrangements(const LayoutProblem& problem,
                          const std::vector<std::vector<NodeSplit>>& of_node) {
  double product = 1;
  int run = 0;
  for (std::size_t n = 0; n < of_node.size(); ++n) {
    run = problem.same_as_previous[n] ? run + 1 : 1;
    product *= (static_cast<double>(of_node[n].size()) + run - 1) / run;
  }
  return product;
}

}  // namespace

std::vector<NodeSplit> node_splits(const LayoutProblem& problem, int node, SplitRule rule) {
  SplitEnumeration enumeration(problem, usable_options(problem, node, rule), rule);
  return enumeration.run(problem.devices[static_cast<std::size_t>(node)]);
}

GroupSplits group_splits(const LayoutProblem& problem, double max_arrangements) {
  GroupSplits splits;
  for (const SplitRule rule :
       {SplitRule::kAll, SplitRule::kPowersOfTwo, SplitRule::kUniform, SplitRule::kWholeNode}) {
    splits.rule = rule;
    splits.of_node.clear();
    for (std::size_t n = 0; n < problem.devices.size(); ++n) {
      splits.of_node.push_back(node_splits(problem, static_cast<int>(n), rule));
    }
    if (count_arrangements(problem, splits.of_node) <= max_arrangements) {
      break;
    }
  }
  return splits;
}

}  // namespace hexgen
