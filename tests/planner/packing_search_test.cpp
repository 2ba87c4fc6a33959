#include "planner/packing_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <set>

#include "planner/cluster_block.h"
#include "planner/cluster_generator.h"
#include "planner/partitions.h"
#include "planner/planning_inputs.h"
#include "planner/population.h"
#include "planner/rate_ladder.h"
#include "profiles/cluster_json.h"
#include "profiles/model_config.h"

using namespace hexgen;

namespace {

PlanningRequest request_for(int gpus, const std::string& model = "llama-2-70b") {
  SearchOptions options;
  options.objective = ObjectiveKind::kRate;
  const std::string text = generate_cluster({.gpus = gpus, .types = 4, .regions = 3, .seed = 3});
  return planning_request(
      options,
      parse_model(load_model_file(model)),
      parse_cluster({.role = "cluster", .name = "made-up", .label = "made-up", .text = text}),
      load_workload_file("azure-conversation"));
}

struct Found {
  SearchResult result;
  Plan plan;
};

Found pack(const Planning& planning, int threads, int generations) {
  const SearchSettings settings = {
      .seed = 5, .threads = threads, .generations = generations, .stagnation = generations};
  PackingSearch search(planning, settings);
  const std::atomic<bool> stop = false;
  SearchResult result = search.run([](const GenerationReport&) {}, stop);
  Plan plan = search.plan(result.best.individual);
  return {std::move(result), std::move(plan)};
}

/// Ranks from 0, equal values in order of appearance.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t r = 0; r < order.size(); ++r) {
    ranks[order[r]] = static_cast<double>(r);
  }
  return ranks;
}

/// 1 - 6 sum of d^2 / (n (n^2 - 1)).
double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> ranks_a = ranks(a);
  const std::vector<double> ranks_b = ranks(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (ranks_a[i] - ranks_b[i]) * (ranks_a[i] - ranks_b[i]);
  }
  const auto n = static_cast<double>(a.size());
  return 1 - 6 * sum / (n * (n * n - 1));
}

}  // namespace

TEST_CASE("the ladder ends on the highest rung that passes, wherever it starts") {
  const RateLadder ladder = {.lowest = -9, .highest = 12};
  for (int highest = ladder.lowest - 1; highest <= ladder.highest; ++highest) {
    for (int start = -15; start <= 15; ++start) {
      for (const int stride : {1, 3, 8}) {
        const auto passes = [&](int rung) { return rung <= highest; };
        CHECK(highest_rung(ladder, start, stride, passes) == highest);
      }
    }
  }
}

TEST_CASE("blocks share out all nodes, each with the devices asked for but the last") {
  const Planning planning(request_for(150));
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Random random(seed, 0, 0);
    const auto blocks = divide_nodes(planning.space(), 32, random);
    std::multiset<int> nodes;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      int devices = 0;
      for (const int node : blocks[b]) {
        nodes.insert(node);
        devices += planning.request().cluster.nodes()[static_cast<std::size_t>(node)].gpus;
      }
      CHECK((devices >= 32 || b + 1 == blocks.size()));
      CHECK(devices < 32 + 8);
    }
    std::multiset<int> all;
    for (int node = 0; node < planning.request().cluster.num_nodes(); ++node) {
      all.insert(node);
    }
    CHECK(nodes == all);
  }
}

TEST_CASE("a block has its own groups and no device of a group that reaches outside") {
  const Planning planning(request_for(64));
  const std::vector<Node>& nodes = planning.request().cluster.nodes();
  REQUIRE(nodes.size() >= 5);
  Individual individual;
  individual.groups = {{{.node = 1, .devices = 1}, {.node = 3, .devices = 1}},  // inside
                       {{.node = 3, .devices = nodes[3].gpus - 1}, {.node = 4, .devices = 1}}};
  const ClusterBlock block(planning.space(), individual, {1, 3});
  REQUIRE(block.space().cluster.num_nodes() == 2);
  CHECK(block.space().cluster.nodes()[0].gpus == nodes[1].gpus);
  CHECK(block.space().cluster.nodes()[1].gpus == 1);
  CHECK(block.space().graph.distance_s(0, 1) == planning.space().graph.distance_s(1, 3));
  REQUIRE(block.groups().groups.size() == 1);
  CHECK(block.in_whole(block.groups().groups[0]) == individual.groups[0]);
  CHECK(block.in_block(individual.groups[0]) == block.groups().groups[0]);
  const ClusterBlock nothing(planning.space(), individual, {});
  CHECK_FALSE(nothing.any());
}

TEST_CASE("estimated rates of groups rank them as their simulations do") {
  const Planning planning(request_for(64));
  GroupRates rates(planning);
  std::vector<DeviceGroup> groups;
  for (std::uint64_t draw = 0; draw < 3; ++draw) {
    Random random(7, 0, draw);
    for (const DeviceGroup& group : network_aware_individual(planning.space(), random).groups) {
      if (rates.rate(group).rate_per_s > 0) {
        groups.push_back(group);
      }
    }
  }
  REQUIRE(groups.size() > 20);
  std::vector<double> estimated;
  std::vector<double> simulated;
  for (const DeviceGroup& group : groups) {
    estimated.push_back(rates.rate(group).rate_per_s);
  }
  rates.simulate(groups, 2);
  for (const DeviceGroup& group : groups) {
    simulated.push_back(rates.rate(group).rate_per_s);
  }
  CHECK(rates.simulated() <= static_cast<std::int64_t>(groups.size()));
  CHECK(spearman(estimated, simulated) >= 0.9);
}

TEST_CASE("rates of groups that were simulated alone add up to that of the plan") {
  const Planning planning(request_for(64));
  const Found found = pack(planning, 2, 2);
  double sum_per_s = 0;
  for (const PipelineGroup& pipeline : found.plan.pipelines()) {
    sum_per_s += pipeline.weight;
  }
  CHECK(found.result.best.fitness.score == doctest::Approx(sum_per_s).epsilon(0.1));
  CHECK(planning.evaluator().evaluate(found.plan) == found.result.best.fitness);
  CHECK(is_partition(found.result.best.individual, planning.request().cluster));
}

TEST_CASE("packing finds the same plan with one thread and with four") {
  const Planning one(request_for(100));
  const Planning four(request_for(100));
  const Found serial = pack(one, 1, 3);
  const Found parallel = pack(four, 4, 3);
  CHECK(serial.plan == parallel.plan);
  CHECK(serial.result.best.fitness == parallel.result.best.fitness);
  CHECK(serial.result.evaluations == parallel.result.evaluations);
}

TEST_CASE("packing finds the groups of a small cluster whose rates add up to the most") {
  const Planning planning(request_for(9, "llama-2-13b"));
  GroupRates rates(planning);
  const std::vector<Individual> partitions = all_partitions(planning.space(), 100'000);
  REQUIRE(partitions.size() > 20);
  double most_per_s = 0;
  for (const Individual& individual : partitions) {
    rates.simulate(individual.groups, 2);
    double sum_per_s = 0;
    for (const DeviceGroup& group : individual.groups) {
      sum_per_s += rates.rate(group).rate_per_s;
    }
    most_per_s = std::max(most_per_s, sum_per_s);
  }
  const Plan plan = pack(planning, 2, 6).plan;
  double found_per_s = 0;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    found_per_s += pipeline.weight;
  }
  CHECK(found_per_s == doctest::Approx(most_per_s).epsilon(0.005));
  MESSAGE(partitions.size(), " partitions");
}
