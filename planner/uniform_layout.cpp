#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "planner/baselines.h"

namespace hexgen {
namespace {

constexpr std::array<int, 6> kTpDegrees = {1, 2, 3, 4, 6, 8};
constexpr std::size_t kMaxStagesPerNode = 8;
constexpr int kMaxBias = 8;

/// Layers of each stage: even, the remainder on the last stages, then `bias` layers moved one by
/// one from the last stage that can spare one to the first stage (or back, when negative).
std::vector<int> biased_layers(int num_layers, int stages, int bias) {
  std::vector<int> layers(static_cast<std::size_t>(stages), num_layers / stages);
  for (int s = stages - num_layers % stages; s < stages; ++s) {
    ++layers[static_cast<std::size_t>(s)];
  }
  const auto spare = [](int count) { return count > 1; };
  for (int moved = 0; moved < std::abs(bias); ++moved) {
    if (bias > 0) {
      const auto giver = std::find_if(layers.rbegin(), layers.rend(), spare);
      giver == layers.rend() ? 0 : (--*giver, ++layers.front());
    } else {
      const auto giver = std::find_if(layers.begin(), layers.end(), spare);
      giver == layers.end() ? 0 : (--*giver, ++layers.back());
    }
  }
  return layers;
}

class UniformSearch {
 public:
  explicit UniformSearch(const LayoutProblem& problem)
      : problem_(problem) {
    for (int node = 0; node < static_cast<int>(problem.devices.size()); ++node) {
      cuts_.emplace_back();
      std::vector<int> cut;
      cut_node(node, problem.devices[static_cast<std::size_t>(node)], 0, cut);
    }
  }

  std::optional<Layout> best() {
    std::vector<int> options;
    extend(0, options);
    return std::move(best_);
  }

 private:
  int option_of(int node, int tp_degree) const {
    for (std::size_t o = 0; o < problem_.options.size(); ++o) {
      if (problem_.options[o].node == node && problem_.options[o].tp_degree == tp_degree) {
        return static_cast<int>(o);
      }
    }
    return -1;
  }

  void cut_node(int node, int devices_left, std::size_t smallest, std::vector<int>& cut) {
    if (devices_left == 0) {
      cuts_.back().push_back(cut);
      return;
    }
    for (std::size_t d = smallest; d < kTpDegrees.size() && cut.size() < kMaxStagesPerNode; ++d) {
      const int option = kTpDegrees[d] <= devices_left ? option_of(node, kTpDegrees[d]) : -1;
      if (option >= 0) {
        cut.push_back(option);
        cut_node(node, devices_left - kTpDegrees[d], d, cut);
        cut.pop_back();
      }
    }
  }

  void extend(std::size_t node, std::vector<int>& options) {
    if (node == cuts_.size()) {
      consider(options);
      return;
    }
    for (const std::vector<int>& cut : cuts_[node]) {
      options.insert(options.end(), cut.begin(), cut.end());
      extend(node + 1, options);
      options.resize(options.size() - cut.size());
    }
  }

  void consider(const std::vector<int>& options) {
    const int stages = static_cast<int>(options.size());
    for (int bias = -kMaxBias; stages <= problem_.num_layers && bias <= kMaxBias; ++bias) {
      const std::vector<int> layers = biased_layers(problem_.num_layers, stages, bias);
      std::vector<StageChoice> choices;
      bool fits = true;
      for (std::size_t s = 0; s < options.size() && fits; ++s) {
        const StageRole role = stage_role(s, options.size());
        fits = layers[s] <= problem_.option(options[s]).role(role).max_layers;
        choices.push_back({.option = options[s], .num_layers = layers[s]});
      }
      if (fits) {
        Layout layout = price_layout(problem_, std::move(choices));
        if (!best_ || layout.latency_s < best_->latency_s) {
          best_ = std::move(layout);
        }
      }
    }
  }

  const LayoutProblem& problem_;
  std::vector<std::vector<std::vector<int>>> cuts_;  // [node][cut]: options in order
  std::optional<Layout> best_;
};

}  // namespace

std::vector<Layout> uniform_layouts(const LayoutProblem& problem) {
  std::optional<Layout> best = UniformSearch(problem).best();
  return best ? std::vector<Layout>{std::move(*best)} : std::vector<Layout>{};
}

}  // namespace hexgen
