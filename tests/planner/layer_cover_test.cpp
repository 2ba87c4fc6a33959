#include "planner/layer_cover.h"

#include <doctest/doctest.h>

#include <limits>

#include "planner/node_splits.h"

using namespace hexgen;

namespace {

constexpr double kNoCap = std::numeric_limits<double>::infinity();

StageOption option(int node, int tp_degree, int max_layers, int max_layers_at_ends) {
  StageOption made = {.node = node, .tp_degree = tp_degree, .iteration_s_per_layer = 1.0};
  made.roles[static_cast<std::size_t>(StageRole::kMiddle)].max_layers = max_layers;
  for (const StageRole role : {StageRole::kFirst, StageRole::kLast, StageRole::kOnly}) {
    made.roles[static_cast<std::size_t>(role)].max_layers = max_layers_at_ends;
  }
  return made;
}

/// One node of four devices: TP1 holds 3 layers (2 at an end), TP2 holds 7 (6), TP4 holds 12 (11).
LayoutProblem one_node() {
  LayoutProblem problem = {.num_layers = 12, .devices = {4}};
  problem.options = {option(0, 1, 3, 2), option(0, 2, 7, 6), option(0, 4, 12, 11)};
  problem.handoff_s.assign(9, 0.0);
  problem.return_s.assign(9, 0.0);
  problem.same_as_previous = {false};
  return problem;
}

}  // namespace

TEST_CASE("a group holds the most layers over all cuts, less at the ends") {
  const LayoutProblem problem = one_node();
  // Expectation: TP2 + TP2 at both ends 6 + 6 = 12; TP4 alone 11; TP1 x 4: 2 + 3 + 3 + 2 = 10.
  CHECK(most_layers(problem, layer_caps(problem, kNoCap)) == 12);
}

TEST_CASE("a cap on the stage time limits the layers of every stage") {
  const LayoutProblem problem = one_node();
  // Expectation: one layer takes 1 s, so at most 2 layers a stage; TP1 x 4 holds 8, TP2 x 2 only 4.
  CHECK(most_layers(problem, layer_caps(problem, 2.5)) == 8);
  CHECK(most_layers(problem, layer_caps(problem, 0.5)) == 0);
}

TEST_CASE("a cap that equals a stage time admits that stage") {
  const LayoutProblem problem = one_node();
  CHECK(layer_caps(problem, 7.0)[1][static_cast<std::size_t>(StageRole::kMiddle)] == 7);
}

TEST_CASE("a model of one layer has no room for two ends") {
  LayoutProblem problem = one_node();
  problem.num_layers = 1;
  problem.options = {option(0, 1, 3, 0)};
  CHECK(most_layers(problem, layer_caps(problem, kNoCap)) == 0);
}

TEST_CASE("a node of four devices is cut in every way, and in fewer under stricter rules") {
  const LayoutProblem problem = one_node();
  // Expectation, multisets of 1, 2, 4 with a sum of at most 4: {}, 1, 11, 111, 1111, 2, 21, 211,
  // 22, 4. Under kUniform the mixed 21 and 211 are out; under kWholeNode also 1, 11, 111 and 2.
  CHECK(node_splits(problem, 0, SplitRule::kAll).size() == 10);
  CHECK(node_splits(problem, 0, SplitRule::kPowersOfTwo).size() == 10);
  CHECK(node_splits(problem, 0, SplitRule::kUniform).size() == 8);
  CHECK(node_splits(problem, 0, SplitRule::kWholeNode).size() == 4);
}

TEST_CASE("the least strict rule within the limit is taken") {
  const LayoutProblem problem = one_node();
  CHECK(group_splits(problem, 10).rule == SplitRule::kAll);
  CHECK(group_splits(problem, 9).rule == SplitRule::kUniform);
  CHECK(group_splits(problem, 1).rule == SplitRule::kWholeNode);
}
