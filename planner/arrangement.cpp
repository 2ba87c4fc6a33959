#include "planner/arrangement.h"

#include <algorithm>
#include <limits>

namespace hexgen {
namespace {

constexpr int kNoRoom = -1;

}  // namespace

LayerDivision::LayerDivision(const LayoutProblem& problem,
                             const LayerCaps& caps,
                             const Arrangement& arrangement)
    : problem_(problem),
      caps_(caps),
      arrangement_(arrangement),
      most_(problem.num_layers) {
  if (problem.symmetric) {
    fewest_ = problem.num_layers / arrangement.num_stages;
    most_ = fewest_ + (problem.num_layers % arrangement.num_stages > 0 ? 1 : 0);
  }
}

int LayerDivision::cap(int option, StageRole role) const {
  return std::min(most_, caps_[static_cast<std::size_t>(option)][static_cast<std::size_t>(role)]);
}

LayerDivision::OptionRoom LayerDivision::room(std::size_t stage, Ends ends) const {
  const StageCount& count = arrangement_.stages[stage];
  OptionRoom room;
  const auto add = [&](StageRole role, int copies) {
    const int extra = cap(count.option, role) - fewest_;
    if (copies == 0 || room.layers == kNoRoom) {
      return;
    }
    room.layers = copies < 0 || extra < 0 ? kNoRoom : room.layers + copies * extra;
    room.fixed_latency_s += copies * problem_.option(count.option).role(role).latency_s;
  };
  if (arrangement_.num_stages == 1) {
    add(StageRole::kOnly, 1);
    return room;
  }
  const int at_front = stage == ends.first ? 1 : 0;
  const int at_back = stage == ends.last ? 1 : 0;
  add(StageRole::kFirst, at_front);
  add(StageRole::kLast, at_back);
  add(StageRole::kMiddle, count.stages - at_front - at_back);
  return room;
}

double LayerDivision::latency_s(Ends ends) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  int left = problem_.num_layers - fewest_ * arrangement_.num_stages;
  double sum = 0;
  for (std::size_t s = 0; s < arrangement_.stages.size(); ++s) {
    const OptionRoom stage = room(s, ends);
    if (stage.layers == kNoRoom || left < 0) {
      return kInfinity;
    }
    const StageCount& count = arrangement_.stages[s];
    const int extra = std::min(left, stage.layers);
    sum += stage.fixed_latency_s +
           problem_.option(count.option).latency_s_per_layer * (count.stages * fewest_ + extra);
    left -= extra;
  }
  return left == 0 ? sum : kInfinity;
}

std::vector<StageChoice> LayerDivision::divide(const std::vector<int>& order, Ends ends) const {
  std::vector<StageChoice> stages;
  for (const int option : order) {
    stages.push_back({.option = option, .num_layers = fewest_});
  }
  int left = problem_.num_layers - fewest_ * arrangement_.num_stages;
  for (std::size_t s = 0; s < arrangement_.stages.size(); ++s) {
    int extra = std::min(left, room(s, ends).layers);
    left -= extra;
    for (; extra > 0; --extra) {
      StageChoice* emptiest = nullptr;
      for (std::size_t i = 0; i < stages.size(); ++i) {
        StageChoice& stage = stages[i];
        const bool has_room = stage.option == arrangement_.stages[s].option &&
                              stage.num_layers < cap(stage.option, stage_role(i, stages.size()));
        if (has_room && (emptiest == nullptr || stage.num_layers < emptiest->num_layers)) {
          emptiest = &stage;
        }
      }
      ++emptiest->num_layers;
    }
  }
  return stages;
}

}  // namespace hexgen
