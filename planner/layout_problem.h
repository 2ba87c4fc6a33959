#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace hexgen {

/// Where a stage stands in its pipeline. The ends hold the embedding and the LM head, so they cost
/// more and have room for fewer layers.
enum class StageRole { kMiddle, kFirst, kLast, kOnly };
inline constexpr std::size_t kNumStageRoles = 4;

/// What a stage costs in one role besides its layers, and how many layers it has room for.
struct RoleLimits {
  double latency_s = 0;    // share of the request latency that does not depend on the layers
  double iteration_s = 0;  // share of the stage time that does not depend on the layers
  int max_layers = 0;      // by memory; 0: the role is impossible here
};

/// One way to make a stage: `tp_degree` devices of one node. Times are linear in the layers.
struct StageOption {
  int node = 0;  // position of the node in the group
  int tp_degree = 1;
  double latency_s_per_layer = 0;    // of the reference request: prefill and all decode steps
  double iteration_s_per_layer = 0;  // of the iteration whose slowest stage is the bottleneck
  std::array<RoleLimits, kNumStageRoles> roles{};

  const RoleLimits& role(StageRole role) const { return roles[static_cast<std::size_t>(role)]; }
};

/// Everything phase 1 needs to know about one group of devices: numbers only, so that tests can
/// draw them at random. Devices of one node are interchangeable.
struct LayoutProblem {
  int num_layers = 0;
  std::vector<int> devices;          // devices of each node of the group
  std::vector<StageOption> options;  // at most one for each (node, tp_degree)
  std::vector<double> handoff_s;     // [from * options + to]: all hand-offs of the request
  std::vector<double> return_s;      // [last * options + first]: all token returns of the request
  /// Nodes that can be exchanged with the node before them without changing any number above.
  std::vector<bool> same_as_previous;
  /// Every stage of a pipeline has the same TP degree, and their layers differ by at most one.
  bool symmetric = false;

  double handoff(int from, int to) const { return handoff_s[index(from, to)]; }

  double token_return(int last, int first) const { return return_s[index(last, first)]; }

  const StageOption& option(int o) const { return options[static_cast<std::size_t>(o)]; }

 private:
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * options.size() + static_cast<std::size_t>(column);
  }
};

/// One stage of a layout: an option of the problem and its layers.
struct StageChoice {
  int option = 0;
  int num_layers = 0;

  bool operator==(const StageChoice&) const = default;
};

/// Ordered stages that cover all layers with the devices of the group; devices may stay idle.
struct Layout {
  std::vector<StageChoice> stages;
  double latency_s = 0;     // of the reference request, alone in the pipeline
  double bottleneck_s = 0;  // time of the slowest stage for one iteration, without hand-offs
};

/// Role of stage `index` among `count` stages.
StageRole stage_role(std::size_t index, std::size_t count);

/// `layout.stages` priced from scratch: the definition of both objectives.
/// latency = sum of latency_s(role) + layers * latency_s_per_layer, + hand-offs between neighbours,
/// + the token return from the last stage to the first when there is more than one stage.
/// bottleneck = max of iteration_s(role) + layers * iteration_s_per_layer.
Layout price_layout(const LayoutProblem& problem, std::vector<StageChoice> stages);

}  // namespace hexgen
