#include "planner/stage_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "planner/seed.h"

using namespace hexgen;

namespace {

/// Three options on three nodes with hand-off times in ms: [from][to].
LayoutProblem three_options(const std::vector<double>& handoff_ms) {
  LayoutProblem problem;
  problem.options.resize(3);
  for (const double ms : handoff_ms) {
    problem.handoff_s.push_back(ms * 1e-3);
  }
  problem.return_s.assign(9, 0.0);
  return problem;
}

double path_cost_s(const LayoutProblem& problem, const std::vector<int>& order) {
  double cost = 0;
  for (std::size_t s = 0; s + 1 < order.size(); ++s) {
    cost += problem.handoff(order[s], order[s + 1]);
  }
  return cost;
}

/// Cheapest of all permutations with the given ends.
double cheapest_s(const LayoutProblem& problem, std::vector<int> stages, int first, int last) {
  double best = std::numeric_limits<double>::infinity();
  std::sort(stages.begin(), stages.end());
  do {
    if (stages.front() == first && stages.back() == last) {
      best = std::min(best, path_cost_s(problem, stages));
    }
  } while (std::next_permutation(stages.begin(), stages.end()));
  return best;
}

}  // namespace

TEST_CASE("the cheapest order of three stages goes around the expensive hand-off") {
  const LayoutProblem problem = three_options({0,
                                               9,
                                               1,  //
                                               9,
                                               0,
                                               1,
                                               1,
                                               1,
                                               0});
  StageOrder order(
      problem,
      {{.option = 0, .stages = 1}, {.option = 1, .stages = 1}, {.option = 2, .stages = 1}});
  // Expectation: 0 -> 2 -> 1 = 1 + 1 ms.
  CHECK(order.cost_s(0, 1) == doctest::Approx(2e-3));
  CHECK(order.order(0, 1) == std::vector<int>{0, 2, 1});
}

TEST_CASE("orders of repeated stages equal the best permutation") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed, 0, 0);
    std::vector<double> handoff_ms;
    for (int i = 0; i < 9; ++i) {
      handoff_ms.push_back(random.between(1, 20));
    }
    const LayoutProblem problem = three_options(handoff_ms);
    StageOrder order(
        problem,
        {{.option = 0, .stages = 3}, {.option = 1, .stages = 2}, {.option = 2, .stages = 2}});
    const std::vector<int> stages = {0, 0, 0, 1, 1, 2, 2};
    for (std::size_t first = 0; first < 3; ++first) {
      for (std::size_t last = 0; last < 3; ++last) {
        CAPTURE(seed);
        const double best =
            cheapest_s(problem, stages, static_cast<int>(first), static_cast<int>(last));
        CHECK(order.cost_s(first, last) == doctest::Approx(best));
        CHECK(path_cost_s(problem, order.order(first, last)) == doctest::Approx(best));
      }
    }
  }
}

TEST_CASE("a single stage cannot stand at both ends of a longer pipeline") {
  const LayoutProblem problem = three_options({0, 1, 1, 1, 0, 1, 1, 1, 0});
  StageOrder order(problem, {{.option = 0, .stages = 1}, {.option = 1, .stages = 1}});
  CHECK(order.cost_s(0, 0) == std::numeric_limits<double>::infinity());
}

TEST_CASE("with more stages than the dynamic programming takes, the order is a greedy one") {
  LayoutProblem problem;
  problem.options.resize(20);
  problem.handoff_s.assign(400, 5.0);
  problem.return_s.assign(400, 0.0);
  std::vector<StageCount> stages;
  for (int o = 0; o < 20; ++o) {
    stages.push_back({.option = o, .stages = 1});
    if (o > 0) {
      problem.handoff_s[static_cast<std::size_t>((o - 1) * 20 + o)] = 1.0;  // the chain 0, 1, ...
    }
  }
  StageOrder order(problem, stages);
  CHECK_FALSE(order.exact());
  CHECK(order.cost_s(0, 19) == doctest::Approx(19.0));
  CHECK(order.order(0, 19).size() == 20);
}
