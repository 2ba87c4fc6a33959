#include <algorithm>
#include <map>
#include <numeric>

#include "planner/baselines.h"

namespace hexgen {
namespace {

/// Layers in proportion to what the stages have room for, the remainder to those that were rounded
/// down most; empty when the stages have not room for all.
std::vector<int> proportional_layers(const std::vector<int>& room, int num_layers) {
  const int total = std::accumulate(room.begin(), room.end(), 0);
  if (total < num_layers) {
    return {};
  }
  std::vector<int> layers;
  std::vector<std::size_t> by_rest(room.size());
  std::iota(by_rest.begin(), by_rest.end(), 0U);
  for (const int each : room) {
    layers.push_back(each * num_layers / total);
  }
  std::stable_sort(by_rest.begin(), by_rest.end(), [&](std::size_t a, std::size_t b) {
    return room[a] * num_layers % total > room[b] * num_layers % total;
  });
  const int rest = num_layers - std::accumulate(layers.begin(), layers.end(), 0);
  for (int i = 0; i < rest; ++i) {
    ++layers[by_rest[static_cast<std::size_t>(i)]];
  }
  return layers;
}

class ProportionalSearch {
 public:
  explicit ProportionalSearch(const LayoutProblem& problem)
      : problem_(problem) {
    for (const int devices : problem.devices) {
      degree_of_[devices] = 0;
    }
  }

  std::vector<Layout> all() {
    choose_degree(degree_of_.begin());
    return std::move(found_);
  }

 private:
  using Degrees = std::map<int, int>;  // TP degree of nodes with so many devices

  void choose_degree(Degrees::iterator next) {
    if (next == degree_of_.end()) {
      consider();
      return;
    }
    for (int degree = 1; degree <= next->first; ++degree) {
      if (next->first % degree == 0) {
        next->second = degree;
        choose_degree(std::next(next));
      }
    }
  }

  /// Options of all stages in the order of the nodes; empty when one does not exist.
  std::vector<int> stages() const {
    std::vector<int> options;
    for (std::size_t node = 0; node < problem_.devices.size(); ++node) {
      const int devices = problem_.devices[node];
      const int degree = degree_of_.at(devices);
      const auto option = std::find_if(
          problem_.options.begin(), problem_.options.end(), [&](const StageOption& each) {
            return each.node == static_cast<int>(node) && each.tp_degree == degree;
          });
      if (option == problem_.options.end()) {
        return {};
      }
      options.insert(options.end(),
                     static_cast<std::size_t>(devices / degree),
                     static_cast<int>(option - problem_.options.begin()));
    }
    return options;
  }

  void consider() {
    const std::vector<int> options = stages();
    std::vector<int> room;
    for (std::size_t s = 0; s < options.size(); ++s) {
      room.push_back(problem_.option(options[s]).role(stage_role(s, options.size())).max_layers);
    }
    const std::vector<int> layers = proportional_layers(room, problem_.num_layers);
    if (layers.empty() || *std::min_element(layers.begin(), layers.end()) < 1) {
      return;
    }
    std::vector<StageChoice> choices;
    for (std::size_t s = 0; s < options.size(); ++s) {
      choices.push_back({.option = options[s], .num_layers = layers[s]});
    }
    found_.push_back(price_layout(problem_, std::move(choices)));
  }

  const LayoutProblem& problem_;
  Degrees degree_of_;
  std::vector<Layout> found_;
};

}  // namespace

std::vector<Layout> proportional_layouts(const LayoutProblem& problem) {
  std::vector<Layout> all = ProportionalSearch(problem).all();
  if (all.empty()) {
    return {};
  }
  const auto quickest =
      std::min_element(all.begin(), all.end(), [](const Layout& a, const Layout& b) {
        return a.latency_s < b.latency_s;
      });
  const auto widest =
      std::min_element(all.begin(), all.end(), [](const Layout& a, const Layout& b) {
        return a.bottleneck_s < b.bottleneck_s;
      });
  return {*quickest, *widest};
}

}  // namespace hexgen
