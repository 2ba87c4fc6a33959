#include "planner/machine_mix.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "planner/seed.h"

using namespace hexgen;

namespace {

/// Section 4.2 of arXiv 2502.00722: three GPU types at 4, 2 and 2 $/h, two of each, 80 and 20
/// requests of two types, $8 an hour; the fourth configuration is two GPUs of the second type.
MixProblem published_problem() {
  return {.price_per_hour = {4, 2, 2},
          .available = {2, 2, 2},
          .configurations = {{.machines = {1, 0, 0}, .rate_per_s = {1.0, 1.2}},
                             {.machines = {0, 1, 0}, .rate_per_s = {0.9, 0.9}},
                             {.machines = {0, 0, 1}, .rate_per_s = {0.3, 0.5}},
                             {.machines = {0, 2, 0}, .rate_per_s = {2.4, 1.5}}},
          .requests = {80, 20},
          .budget_per_hour = 8};
}

double price_of(const MixProblem& problem, const std::vector<int>& machines) {
  return std::inner_product(machines.begin(), machines.end(), problem.price_per_hour.begin(), 0.0);
}

std::vector<int> machines_of(const MixProblem& problem, const std::vector<int>& counts) {
  std::vector<int> machines(problem.available.size(), 0);
  for (std::size_t c = 0; c < counts.size(); ++c) {
    for (std::size_t k = 0; k < machines.size(); ++k) {
      machines[k] += counts[c] * problem.configurations[c].machines[k];
    }
  }
  return machines;
}

/// The shortest makespan of given counts with two request types, without linear programming: for a
/// time T the configurations take requests of the first type in the order of their comparative
/// advantage for them, then all are left with the second; T is bisected.
double shortest_makespan_s(const MixProblem& problem, const std::vector<int>& counts) {
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& left = problem.configurations[a].rate_per_s;
    const auto& right = problem.configurations[b].rate_per_s;
    return left[0] * right[1] > right[0] * left[1];
  });
  const auto serves_within = [&](double time_s) {
    double first = problem.requests[0];
    double second = problem.requests[1];
    for (const std::size_t c : order) {
      const auto& rate = problem.configurations[c].rate_per_s;
      double left_s = time_s * counts[c];
      const double taken = std::min(first, left_s * rate[0]);
      first -= taken;
      left_s -= taken > 0 ? taken / rate[0] : 0;
      second -= left_s * rate[1];
    }
    return first <= 0 && second <= 0;
  };
  double too_short_s = 0;
  double enough_s = 1e6;
  for (int i = 0; i < 200; ++i) {
    const double middle_s = (too_short_s + enough_s) / 2;
    (serves_within(middle_s) ? enough_s : too_short_s) = middle_s;
  }
  return enough_s;
}

/// [mix of machines, makespan] of all mixes within budget and availability, the shortest first.
std::vector<std::pair<double, std::vector<int>>> all_mixes(const MixProblem& problem) {
  std::vector<std::pair<double, std::vector<int>>> best;
  std::vector<int> counts(problem.configurations.size(), 0);
  const auto visit = [&](auto&& self, std::size_t c) -> void {
    const std::vector<int> machines = machines_of(problem, counts);
    for (std::size_t k = 0; k < machines.size(); ++k) {
      if (machines[k] > problem.available[k]) {
        return;
      }
    }
    if (price_of(problem, machines) > problem.budget_per_hour) {
      return;
    }
    if (c == counts.size()) {
      const double time_s = shortest_makespan_s(problem, counts);
      const auto known = std::find_if(
          best.begin(), best.end(), [&](const auto& mix) { return mix.second == machines; });
      if (known == best.end() && time_s < 9e5) {
        best.emplace_back(time_s, machines);
      } else if (known != best.end()) {
        known->first = std::min(known->first, time_s);
      }
      return;
    }
    for (counts[c] = 0; counts[c] <= 3; ++counts[c]) {
      self(self, c + 1);
    }
    counts[c] = 0;
  };
  visit(visit, 0);
  std::sort(best.begin(), best.end());
  return best;
}

MixProblem random_problem(std::uint64_t instance) {
  Random random(2502, 722, instance);
  MixProblem problem;
  const int offers = random.between(1, 3);
  for (int k = 0; k < offers; ++k) {
    problem.price_per_hour.push_back(0.5 * random.between(1, 8));
    problem.available.push_back(random.between(1, 3));
  }
  for (int c = random.between(1, 4); c > 0; --c) {
    MachineConfiguration configuration;
    for (int k = 0; k < offers; ++k) {
      configuration.machines.push_back(random.between(0, 2));
    }
    configuration.machines[random.below(configuration.machines.size())] += 1;
    for (int w = 0; w < 2; ++w) {
      configuration.rate_per_s.push_back(random.chance(0.2) ? 0 : 0.1 * random.between(1, 30));
    }
    problem.configurations.push_back(configuration);
  }
  problem.requests = {1.0 * random.between(1, 100), 1.0 * random.between(1, 100)};
  problem.budget_per_hour = 0.5 * random.between(2, 30);
  return problem;
}

}  // namespace

TEST_CASE("the worked instance of arXiv 2502.00722 is solved exactly") {
  const MixProblem problem = published_problem();
  const RankedMixes ranked = best_mixes(problem, 5);
  REQUIRE(ranked.complete);
  REQUIRE(ranked.mixes.size() == 5);
  const MachineMix& best = ranked.mixes.front();
  CHECK(best.counts == std::vector<int>{1, 0, 0, 1});
  CHECK(best.machines == std::vector<int>{1, 2, 0});
  // All of type 2 on the first, and both busy until T: 80 a + 20 / 1.2 = T, 80 (1 - a) / 2.4 = T,
  // so a = 2.5 / 17 = 14.706 % and T = 80 (1 - 2.5 / 17) / 2.4 = 28.431 s.
  CHECK(best.share[0][0] == doctest::Approx(2.5 / 17).epsilon(1e-9));
  CHECK(best.share[3][0] == doctest::Approx(14.5 / 17).epsilon(1e-9));
  CHECK(best.share[0][1] == doctest::Approx(1).epsilon(1e-9));
  CHECK(best.makespan_s() == doctest::Approx(80 * (1 - 2.5 / 17) / 2.4).epsilon(1e-9));
  CHECK(best.makespan_s() == doctest::Approx(28.431).epsilon(2e-5));
  // The compositions that come next, as a re-implementation lists them.
  const double next_s[] = {30.667, 34.524, 35.0, 38.333};
  const std::vector<int> next_counts[] = {{0, 0, 2, 1}, {1, 2, 0, 0}, {0, 0, 1, 1}, {0, 2, 2, 0}};
  CHECK(ranked.mixes[1].counts == next_counts[0]);
  CHECK(ranked.mixes[1].makespan_s() == doctest::Approx(next_s[0]).epsilon(2e-5));
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(shortest_makespan_s(problem, next_counts[i]) == doctest::Approx(next_s[i]).epsilon(2e-5));
  }
}

TEST_CASE("the split that the paper prints takes 28.67 s") {
  // 85 % of 80 requests at 2.4 /s take 28.33 s; 15 % of 80 at 1 /s and 20 at 1.2 /s 28.67 s.
  const std::vector<std::vector<double>> printed = {{0.15, 1}, {0, 0}, {0, 0}, {0.85, 0}};
  CHECK(makespan_s(published_problem(), {1, 0, 0, 1}, printed) ==
        doctest::Approx(28.6667).epsilon(1e-5));
}

TEST_CASE("the best mixes of random problems are those of brute force, in their order") {
  int solvable = 0;
  for (std::uint64_t instance = 0; instance < 150; ++instance) {
    CAPTURE(instance);
    const MixProblem problem = random_problem(instance);
    const auto expected = all_mixes(problem);
    const RankedMixes ranked = best_mixes(problem, 4);
    REQUIRE(ranked.complete);
    REQUIRE(ranked.mixes.size() == std::min<std::size_t>(4, expected.size()));
    solvable += expected.empty() ? 0 : 1;
    for (std::size_t i = 0; i < ranked.mixes.size(); ++i) {
      const MachineMix& mix = ranked.mixes[i];
      CHECK(mix.makespan_s() == doctest::Approx(expected[i].first).epsilon(1e-6));
      CHECK(makespan_s(problem, mix.counts, mix.share) ==
            doctest::Approx(mix.makespan_s()).epsilon(1e-6));
      CHECK(machines_of(problem, mix.counts) == mix.machines);
      CHECK(price_of(problem, mix.machines) <= problem.budget_per_hour + 1e-9);
    }
  }
  CHECK(solvable > 60);
}

TEST_CASE("configurations are taken until there are enough pipelines") {
  // One machine serves 3 /s as one pipeline or 2 /s as two.
  MixProblem problem = {.price_per_hour = {1},
                        .available = {2},
                        .configurations = {{.machines = {1}, .rate_per_s = {3}, .pipelines = 1},
                                           {.machines = {1}, .rate_per_s = {2}, .pipelines = 2}},
                        .requests = {1},
                        .budget_per_hour = 2,
                        .min_pipelines = 3};
  CHECK(best_mixes(problem, 1).mixes.front().counts == std::vector<int>{1, 1});
  problem.min_pipelines = 5;
  CHECK(best_mixes(problem, 1).mixes.empty());
}

TEST_CASE("a linear program ends at its best corner, or says that there is none") {
  // Maximise 3x + 2y: x + y <= 4, x + 3y <= 6, x <= 3: the corner (3, 1) with 11.
  LinearProgram program = {.objective = {3, 2}, .rows = {}, .limits = {}};
  program.add_row({1, 1}, 4);
  program.add_row({1, 3}, 6);
  program.add_row({1, 0}, 3);
  const auto best = maximise(program);
  REQUIRE(best);
  CHECK(best->value == doctest::Approx(11));
  CHECK(best->x[0] == doctest::Approx(3));
  CHECK(best->x[1] == doctest::Approx(1));
  program.add_row({0, -1}, -1.2);  // y >= 1.2: then x <= 2.4 by the second row, 9.6 in all
  CHECK(maximise(program)->value == doctest::Approx(9.6));
  program.add_row({0, 1}, 1);
  CHECK_FALSE(maximise(program));
}

TEST_CASE("integer solutions come in their order, and a given-up search says so") {
  // Maximise 5a + 4b with 6a + 5b <= 17: (2, 1) has 14, (1, 2) 13, (0, 3) 12, (2, 0) 10.
  IntegerProgram program = {.relaxation = {.objective = {5, 4}, .rows = {{6, 5}}, .limits = {17}},
                            .whole = {{1, 0}, {0, 1}},
                            .most = {9, 9},
                            .distinguishing = 2};
  const RankedSolutions ranked = best_solutions(program, 4);
  CHECK(ranked.complete);
  REQUIRE(ranked.solutions.size() == 4);
  const std::vector<int> expected[] = {{2, 1}, {1, 2}, {0, 3}, {2, 0}};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(ranked.solutions[i].whole == expected[i]);
  }
  CHECK_FALSE(best_solutions(program, 4, 2).complete);
}
