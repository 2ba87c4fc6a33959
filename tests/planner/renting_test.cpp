#include "planner/renting.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "planner/exhaustive.h"
#include "planner/machine_bundles.h"
#include "profiles/errors.h"
#include "tests/support/clusters.h"

using namespace hexgen;

namespace {

struct RoundOffer {
  int gpu_type = 0;
  int gpus = 1;
  int available = 1;
  double price_per_hour = 1;
};

/// "fast" devices hold the round model of 0.28 GB, "slow" ones of half the speed hold half of it.
PriceList round_list(const std::vector<RoundOffer>& offers) {
  GpuType fast = test::round_gpu("fast", 0.4);
  GpuType slow = test::round_gpu("slow", 0.2);
  slow.memory_bandwidth_bytes_per_s *= 0.5;
  std::vector<std::pair<int, int>> type_and_gpus;
  PriceList list;
  for (const RoundOffer& offer : offers) {
    type_and_gpus.emplace_back(offer.gpu_type, offer.gpus);
    list.available.push_back(offer.available);
    list.links_within.push_back({.latency_s = 1e-3, .bandwidth_bytes_per_s = 1e9});
  }
  const Cluster cluster = test::round_cluster({fast, slow}, type_and_gpus);
  std::vector<Node> nodes = cluster.nodes();
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    nodes[k].price_per_hour = offers[k].price_per_hour;
  }
  list.machines = {"list",
                   cluster.gpu_types(),
                   cluster.link_types(),
                   nodes,
                   std::vector<Link>(nodes.size() * nodes.size(), list.links_within.front())};
  return list;
}

PlanningRequest round_request(ObjectiveKind objective, double rate_per_s) {
  PlanningRequest request = {
      .model = test::round_model(), .cluster = {}, .workload = {}, .objective = objective};
  request.workload.arrivals = {.rate_per_s = rate_per_s, .requests = 60};
  request.workload.prompt_tokens.value = 50;
  request.workload.output_tokens.value = 20;
  request.workload.slo.scale = 8;
  request.requests = draw_requests(*generate_arrivals(request.workload, 1));
  const Cluster reference = test::round_cluster({test::round_gpu("reference", 48)}, {{0, 1}});
  request.reference_stages = reference_stages(request.model, reference, 1, 1);
  request.memory = {.reserve_bytes = 5e6, .activation_tokens = 64, .logit_rows = 4};
  request.max_batch = 16;
  return request;
}

Rented rented(const PriceList& list, const PlanningRequest& request, int threads = 1) {
  const RentSettings settings = {
      .search = {.threads = threads, .population = 16, .generations = 8, .stagnation = 4}};
  const std::atomic<bool> stop = false;
  return rent(
      list, request, settings, [](const TriedMix&) {}, stop);
}

/// Calls visit(machines) for every mix of at least one machine.
template <typename Visit>
void for_each_mix(const PriceList& list, const Visit& visit) {
  std::vector<int> machines(list.num_offers(), 0);
  for (;;) {
    std::size_t k = 0;
    while (k < machines.size() && machines[k] == list.available[k]) {
      machines[k++] = 0;
    }
    if (k == machines.size()) {
      return;
    }
    ++machines[k];
    visit(machines);
  }
}

/// Of the best of all plans on the machines.
double best_score(const PriceList& list,
                  const std::vector<int>& machines,
                  PlanningRequest request) {
  request.cluster = rented_cluster(list, machines);
  const Planning planning(std::move(request));
  const std::atomic<bool> stop = false;
  return exhaustive_search(
             planning, {.threads = 1}, [](const GenerationReport&) {}, stop)
      .best.fitness.score;
}

}  // namespace

TEST_CASE("the cheapest mix that keeps the target is that of all mixes with all their plans") {
  const PriceList list = round_list({{.gpu_type = 0, .available = 2, .price_per_hour = 3},
                                     {.gpu_type = 1, .available = 3, .price_per_hour = 0.8},
                                     {.gpu_type = 1, .gpus = 2, .price_per_hour = 1.7}});
  for (const double rate_per_s : {10.0, 40.0, 160.0}) {
    CAPTURE(rate_per_s);
    PlanningRequest request = round_request(ObjectiveKind::kAttainment, rate_per_s);
    double cheapest = 1e9;
    for_each_mix(list, [&](const std::vector<int>& machines) {
      const double price = rented_cluster(list, machines).price_per_hour();
      if (price < cheapest && best_score(list, machines, request) >= kTargetAttainment) {
        cheapest = price;
      }
    });
    request.objective = ObjectiveKind::kCost;
    if (cheapest == 1e9) {
      CHECK_THROWS_AS(rented(list, request), InfeasibleError);
      continue;
    }
    const Rented found = rented(list, request);
    CHECK(found.cluster.price_per_hour() == doctest::Approx(cheapest));
    CHECK(std::accumulate(found.machines.begin(), found.machines.end(), 0) ==
          found.cluster.num_nodes());
  }
}

TEST_CASE("the best mix within a budget is that of all mixes with all their plans") {
  const PriceList list = round_list({{.gpu_type = 0, .available = 2, .price_per_hour = 3},
                                     {.gpu_type = 1, .available = 4, .price_per_hour = 1}});
  for (const double budget : {2.0, 4.0, 6.0}) {
    CAPTURE(budget);
    PlanningRequest request = round_request(ObjectiveKind::kRate, 20);
    request.constraints.max_price_per_hour = budget;
    double best = 0;
    for_each_mix(list, [&](const std::vector<int>& machines) {
      if (rented_cluster(list, machines).price_per_hour() <= budget) {
        best = std::max(best, best_score(list, machines, request));
      }
    });
    const Rented found = rented(list, request);
    const double score = best_score(list, found.machines, request);
    CHECK(found.cluster.price_per_hour() <= budget);
    CHECK(score == doctest::Approx(best).epsilon(1e-9));
  }
}

TEST_CASE("machines of one offer are only counted: no mix is tried twice, with any threads") {
  const PriceList list = round_list({{.gpu_type = 0, .available = 6, .price_per_hour = 3},
                                     {.gpu_type = 1, .available = 8, .price_per_hour = 1}});
  const PlanningRequest request = round_request(ObjectiveKind::kCost, 60);
  const Rented one = rented(list, request, 1);
  const Rented three = rented(list, request, 3);
  CHECK(one.plan == three.plan);
  CHECK(one.machines == three.machines);
  REQUIRE(one.tried.size() == three.tried.size());
  std::vector<std::vector<int>> mixes;
  for (std::size_t i = 0; i < one.tried.size(); ++i) {
    CHECK(one.tried[i].fitness == three.tried[i].fitness);
    mixes.push_back(one.tried[i].machines);
  }
  std::sort(mixes.begin(), mixes.end());
  CHECK(std::adjacent_find(mixes.begin(), mixes.end()) == mixes.end());
}

TEST_CASE("a model that fits on no machine alone is served by several as one pipeline") {
  const PriceList list = round_list({{.gpu_type = 1, .available = 5, .price_per_hour = 1}});
  const std::vector<MachineBundle> bundles =
      machine_bundles(list, round_request(ObjectiveKind::kRate, 20), false);
  REQUIRE_FALSE(bundles.empty());
  for (const MachineBundle& bundle : bundles) {
    CHECK(bundle.machines[0] >= 2);
    CHECK(bundle.groups.size() == 1);
    CHECK(num_devices(bundle.groups[0]) == bundle.machines[0]);
    CHECK(bundle.rate_per_s > 0);
  }
}

TEST_CASE("no mix will do: too little memory, too small a budget, too high a rate") {
  const PriceList one_slow = round_list({{.gpu_type = 1, .available = 1, .price_per_hour = 1}});
  CHECK_THROWS_AS(rented(one_slow, round_request(ObjectiveKind::kCost, 1)), InfeasibleError);
  const PriceList fast = round_list({{.gpu_type = 0, .available = 2, .price_per_hour = 3}});
  PlanningRequest poor = round_request(ObjectiveKind::kAttainment, 1);
  poor.constraints.max_price_per_hour = 2.9;
  CHECK_THROWS_AS(rented(fast, poor), InfeasibleError);
  CHECK_THROWS_AS(rented(fast, round_request(ObjectiveKind::kCost, 1e5)), InfeasibleError);
}

TEST_CASE("enough pipelines are rented") {
  const PriceList list = round_list({{.gpu_type = 0, .available = 4, .price_per_hour = 3}});
  PlanningRequest request = round_request(ObjectiveKind::kCost, 1);
  request.constraints.min_pipelines = 3;
  const Rented found = rented(list, request);
  CHECK(found.machines[0] == 3);
  CHECK(found.plan.pipelines().size() == 3);
}
