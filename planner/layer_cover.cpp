#include "planner/layer_cover.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hexgen {
namespace {

constexpr int kImpossible = std::numeric_limits<int>::min() / 4;
constexpr unsigned kFirstPlaced = 1;
constexpr unsigned kLastPlaced = 2;
constexpr unsigned kBothPlaced = 3;

using Cover = std::array<int, 4>;  // most layers, by flags

/// Most layers whose stage time stays within the cap; agrees with price_layout() to the last bit.
int layers_within(const RoleLimits& limits, double s_per_layer, double max_stage_s) {
  if (limits.iteration_s + s_per_layer * limits.max_layers <= max_stage_s) {
    return limits.max_layers;
  }
  const double room = (max_stage_s - limits.iteration_s) / s_per_layer;
  int layers = static_cast<int>(std::clamp(room, 0.0, static_cast<double>(limits.max_layers)));
  while (layers < limits.max_layers &&
         limits.iteration_s + s_per_layer * (layers + 1) <= max_stage_s) {
    ++layers;
  }
  while (layers > 0 && limits.iteration_s + s_per_layer * layers > max_stage_s) {
    --layers;
  }
  return layers;
}

unsigned flag_of(StageRole role) {
  switch (role) {
    case StageRole::kFirst:
      return kFirstPlaced;
    case StageRole::kLast:
      return kLastPlaced;
    case StageRole::kMiddle:
    case StageRole::kOnly:
      break;
  }
  return 0;
}

/// Best cover of one node's devices for every set of ends placed on it.
Cover cover_node(const LayoutProblem& problem, const LayerCaps& caps, int node) {
  const auto devices = static_cast<std::size_t>(problem.devices[static_cast<std::size_t>(node)]);
  Cover none;
  none.fill(kImpossible);
  std::vector<Cover> used(devices + 1, none);
  used[0][0] = 0;
  Cover best = none;
  for (std::size_t d = 0; d <= devices; ++d) {
    for (unsigned flags = 0; flags <= kBothPlaced; ++flags) {
      best[flags] = std::max(best[flags], used[d][flags]);
    }
    for (std::size_t o = 0; o < problem.options.size(); ++o) {
      const auto tp_degree = static_cast<std::size_t>(problem.options[o].tp_degree);
      if (problem.options[o].node != node || d + tp_degree > devices) {
        continue;
      }
      for (const StageRole role : {StageRole::kMiddle, StageRole::kFirst, StageRole::kLast}) {
        const int layers = caps[o][static_cast<std::size_t>(role)];
        for (unsigned flags = 0; flags <= kBothPlaced; ++flags) {
          const bool taken = (flags & flag_of(role)) != 0;
          if (layers > 0 && !taken && used[d][flags] != kImpossible) {
            int& slot = used[d + tp_degree][flags | flag_of(role)];
            slot = std::max(slot, used[d][flags] + layers);
          }
        }
      }
    }
  }
  return best;
}

}  // namespace

LayerCaps layer_caps(const LayoutProblem& problem, double max_stage_s) {
  LayerCaps caps(problem.options.size());
  for (std::size_t o = 0; o < caps.size(); ++o) {
    for (std::size_t r = 0; r < kNumStageRoles; ++r) {
      const StageOption& option = problem.options[o];
      caps[o][r] = layers_within(option.roles[r], option.iteration_s_per_layer, max_stage_s);
    }
  }
  return caps;
}

int most_layers(const LayoutProblem& problem, const LayerCaps& caps) {
  int single = 0;
  for (const auto& cap : caps) {
    single = std::max(single, cap[static_cast<std::size_t>(StageRole::kOnly)]);
  }
  if (problem.num_layers < 2) {
    return single;
  }
  Cover total;
  total.fill(kImpossible);
  total[0] = 0;
  for (std::size_t n = 0; n < problem.devices.size(); ++n) {
    const Cover node = cover_node(problem, caps, static_cast<int>(n));
    Cover sum;
    sum.fill(kImpossible);
    for (unsigned placed = 0; placed <= kBothPlaced; ++placed) {
      for (unsigned here = 0; here <= kBothPlaced; ++here) {
        if ((placed & here) == 0 && total[placed] >= 0 && node[here] >= 0) {
          sum[placed | here] = std::max(sum[placed | here], total[placed] + node[here]);
        }
      }
    }
    total = sum;
  }
  return std::max({single, total[kBothPlaced], 0});
}

}  // namespace hexgen
