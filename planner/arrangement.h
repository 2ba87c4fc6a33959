#pragma once

#include <cstddef>
#include <vector>

#include "planner/layer_cover.h"
#include "planner/layout_problem.h"
#include "planner/stage_order.h"

namespace hexgen {

/// The stages of a pipeline without their order and layers: an option once at most, options with
/// the lowest latency a layer first.
struct Arrangement {
  std::vector<StageCount> stages;
  int num_stages = 0;
};

/// Which stages of an arrangement stand at the ends: indices into Arrangement::stages.
struct Ends {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// Divides the layers among the stages of an arrangement so that the latency without hand-offs is
/// lowest. It is linear in the layers, so every stage gets the fewest it may have and the stages
/// with the lowest latency a layer are then filled up: optimal by exchange. The fewest is 1; in
/// symmetric problems num_layers / num_stages, and no stage gets more than one above that.
class LayerDivision {
 public:
  LayerDivision(const LayoutProblem& problem,
                const LayerCaps& caps,
                const Arrangement& arrangement);

  /// Latency of all stages without hand-offs; infinite when the layers do not fit.
  double latency_s(Ends ends) const;

  /// Layers of each stage of `order`, which starts and ends with `ends`; stages of one option share
  /// evenly as far as the caps allow.
  std::vector<StageChoice> divide(const std::vector<int>& order, Ends ends) const;

 private:
  /// Stages of one option: how many layers above the fewest they can take, and their fixed latency.
  struct OptionRoom {
    int layers = 0;
    double fixed_latency_s = 0;
  };

  OptionRoom room(std::size_t stage, Ends ends) const;
  int cap(int option, StageRole role) const;

  const LayoutProblem& problem_;
  const LayerCaps& caps_;
  const Arrangement& arrangement_;
  int fewest_ = 1;
  int most_ = 1;
};

}  // namespace hexgen
