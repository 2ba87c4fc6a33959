#include "planner/planning.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "planner/baselines.h"
#include "planner/evolution.h"
#include "planner/exhaustive.h"
#include "planner/local_search.h"
#include "planner/plan_builder.h"
#include "planner/prediction.h"
#include "profiles/errors.h"
#include "tests/support/clusters.h"

using namespace hexgen;

namespace {

/// Two fast devices, two slow ones with half the memory, one more slow one in another node. The
/// round model takes 0.28 GB, a fast device has room for all of it, a slow one for half.
Cluster mixed_cluster() {
  GpuType fast = test::round_gpu("fast", 0.4);
  GpuType slow = test::round_gpu("slow", 0.2);
  slow.memory_bandwidth_bytes_per_s *= 0.5;
  return test::round_cluster({fast, slow}, {{0, 2}, {1, 2}, {1, 1}});
}

PlanningRequest mixed_request(ObjectiveKind objective) {
  PlanningRequest request = {.model = test::round_model(),
                             .cluster = mixed_cluster(),
                             .workload = {},
                             .objective = objective};
  request.workload.arrivals = {.rate_per_s = 20, .requests = 200};
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

SearchStrategy evolution(const Planning& planning) {
  return evolutionary_strategy(planning.space(), [&planning](const Individual& individual) {
    return planning.estimate(individual);
  });
}

SearchResult search(const Planning& planning, const SearchStrategy& strategy, int threads) {
  const SearchSettings settings = {
      .seed = 5, .threads = threads, .population = 16, .elites = 2, .generations = 12};
  const std::atomic<bool> stop = false;
  return evolve(
      strategy,
      [&](const Individual& individual) { return planning.fitness(individual); },
      settings,
      [](const GenerationReport&) {},
      stop);
}

/// All partitions of the cluster's devices into groups, idle devices allowed.
class AllPartitions {
 public:
  explicit AllPartitions(const Cluster& cluster)
      : cluster_(cluster) {}

  std::vector<Individual> list() {
    extend(idle_devices({}, cluster_), {{.node = -1}});
    return std::move(found_);
  }

 private:
  /// Every group is lexicographically no smaller than the one before, so each set comes once.
  void extend(const DeviceGroup& left, const DeviceGroup& smallest) {
    found_.push_back(current_);
    for (const DeviceGroup& group : subgroups(left)) {
      if (group < smallest) {
        continue;
      }
      DeviceGroup rest = left;
      for (const NodeShare& share : group) {
        add_devices(rest, share.node, -share.devices);
      }
      current_.groups.push_back(group);
      extend(rest, group);
      current_.groups.pop_back();
    }
  }

  static std::vector<DeviceGroup> subgroups(const DeviceGroup& pool) {
    std::vector<DeviceGroup> all = {{}};
    for (const NodeShare& share : pool) {
      const std::vector<DeviceGroup> smaller = all;
      for (const DeviceGroup& group : smaller) {
        for (int devices = 1; devices <= share.devices; ++devices) {
          all.push_back(group);
          add_devices(all.back(), share.node, devices);
        }
      }
    }
    all.erase(all.begin());
    return all;
  }

  const Cluster& cluster_;
  Individual current_;
  std::vector<Individual> found_;
};

constexpr ObjectiveKind kObjectives[] = {ObjectiveKind::kAttainment,
                                         ObjectiveKind::kRate,
                                         ObjectiveKind::kDeadline,
                                         ObjectiveKind::kCost};

}  // namespace

TEST_CASE("the search finds the best of all partitions of a small cluster, for every objective") {
  for (const ObjectiveKind objective : kObjectives) {
    CAPTURE(static_cast<int>(objective));
    const Planning planning(mixed_request(objective));
    Objective best = {.score = -1e308};
    for (const Individual& individual : AllPartitions(planning.request().cluster).list()) {
      best = std::max(
          best, planning.fitness(individual), [](const auto& a, const auto& b) { return a < b; });
    }
    const SearchResult found = search(planning, evolution(planning), 1);
    CHECK(found.best.fitness.score == doctest::Approx(best.score).epsilon(0.005));
    const std::atomic<bool> stop = false;
    const SearchResult all = exhaustive_search(
        planning, {}, [](const GenerationReport&) {}, stop);
    CHECK_FALSE(all.best.fitness < best);
  }
}

TEST_CASE("one and four threads find the same plan with the same score, for every strategy") {
  const Planning one(mixed_request(ObjectiveKind::kRate));
  const Planning four(mixed_request(ObjectiveKind::kRate));
  using Strategy = SearchStrategy (*)(const Planning&);
  for (const Strategy strategy : {
           Strategy(evolution),
           Strategy([](const Planning& p) { return random_strategy(p.space()); }),
           Strategy([](const Planning& p) { return released_strategy(p.space()); }),
       }) {
    const SearchResult serial = search(one, strategy(one), 1);
    const SearchResult parallel = search(four, strategy(four), 4);
    CHECK(serial.best.individual == parallel.best.individual);
    CHECK(serial.best.fitness == parallel.best.fitness);
    CHECK(serial.evaluations == parallel.evaluations);
    CHECK(one.plan(serial.best.individual) == four.plan(parallel.best.individual));
  }
}

TEST_CASE("climbing and annealing find the best plan of a small cluster, each time the same") {
  const Planning planning(mixed_request(ObjectiveKind::kRate));
  const std::atomic<bool> stop = false;
  const auto quiet = [](const GenerationReport&) {};
  const SearchResult best = exhaustive_search(planning, {}, quiet, stop);
  for (const WalkRule rule : {WalkRule::kHillClimbing, WalkRule::kAnnealing}) {
    const auto walk = [&] {
      return local_search(
          rule,
          planning.space(),
          [&](const Individual& individual) { return planning.estimate(individual); },
          [&](const Individual& individual) { return planning.fitness(individual); },
          {.seed = 3, .population = 16, .generations = 10},
          quiet,
          stop);
    };
    const SearchResult found = walk();
    CHECK(found.best.fitness.score == doctest::Approx(best.best.fitness.score).epsilon(0.02));
    CHECK(found.evaluations <= 16 * 10 + 1);
    CHECK(found.generations == 10);
    const SearchResult again = walk();
    CHECK(again.best.individual == found.best.individual);
    CHECK(again.evaluations == found.evaluations);
  }
}

TEST_CASE("an interrupted search returns the best plan of the generations it finished") {
  const Planning planning(mixed_request(ObjectiveKind::kAttainment));
  std::atomic<bool> stop = false;
  int generations = 0;
  const SearchResult result = evolve(
      evolution(planning),
      [&](const Individual& individual) { return planning.fitness(individual); },
      {.threads = 1, .population = 8, .elites = 1},
      [&](const GenerationReport& report) {
        generations = report.generation;
        stop = report.generation == 2;
      },
      stop);
  CHECK(generations == 2);
  CHECK_FALSE(planning.plan(result.best.individual).empty());
}

TEST_CASE("the best score never falls from one generation to the next") {
  const Planning planning(mixed_request(ObjectiveKind::kRate));
  const std::atomic<bool> stop = false;
  Objective last = {.score = -1e308};
  evolve(
      evolution(planning),
      [&](const Individual& individual) { return planning.fitness(individual); },
      {.threads = 1, .population = 8, .elites = 1, .generations = 20},
      [&](const GenerationReport& report) {
        CHECK_FALSE(report.best < last);
        CHECK(report.feasible_share > 0);
        last = report.best;
      },
      stop);
}

/// All requests at once for every plan, in time when they end within `limit_s`.
PlanningRequest burst_request(BatchPolicyKind policy, int max_batch, double limit_s) {
  PlanningRequest request = mixed_request(ObjectiveKind::kAttainment);
  request.simulation.policy = policy;
  request.simulation.router = RouterKind::kLeastWork;
  request.max_batch = max_batch;
  request.workload.slo = {.e2e_s = limit_s};
  request.workload.arrivals.kind = ArrivalProcess::Kind::kAllAtOnce;
  request.requests = draw_requests(*generate_arrivals(request.workload, 1));
  return request;
}

/// Requests in time over the time until the last of them.
double rate_in_time_per_s(const SimulationResult& result, double limit_s) {
  double in_time = 0;
  double end_s = 0;
  for (const RequestOutcome& request : result.requests) {
    if (request.completed() && request.e2e_s() <= limit_s) {
      in_time += 1;
      end_s = std::max(end_s, request.last_token_s());
    }
  }
  return in_time > 0 ? in_time / end_s : 0;
}

/// Highest of all plans over all partitions, as a share of the bound.
double highest_share_of_bound(PlanningRequest request) {
  const Planning planning(std::move(request));
  const PlanningRequest& facts = planning.request();
  double highest_per_s = 0;
  for (const Individual& individual : AllPartitions(facts.cluster).list()) {
    const Plan plan = planning.plan(individual);
    if (!plan.empty()) {
      const auto arrivals = replay_arrivals(facts.requests);
      const SimulationResult result = simulate(
          make_serving_system(plan, facts.model, facts.cluster), *arrivals, facts.simulation);
      highest_per_s =
          std::max(highest_per_s, rate_in_time_per_s(result, *facts.workload.slo.e2e_s));
    }
  }
  return highest_per_s / planning.upper_bound_per_s();
}

TEST_CASE("no plan of any partition serves more than the upper bound, under either policy") {
  for (const BatchPolicyKind policy : {BatchPolicyKind::kContinuous, BatchPolicyKind::kOneBatch}) {
    for (const int max_batch : {1, 4, 64}) {
      for (const double limit_s : {1000.0, 0.05, 0.02}) {
        CAPTURE(static_cast<int>(policy));
        CAPTURE(max_batch);
        CAPTURE(limit_s);
        const double share = highest_share_of_bound(burst_request(policy, max_batch, limit_s));
        CHECK(share > 0);
        CHECK(share <= 1);
        MESSAGE("best of all plans reaches ", share, " of the bound");
      }
    }
  }
}

TEST_CASE("a model that fits nowhere is refused with the memory that is missing") {
  PlanningRequest request = mixed_request(ObjectiveKind::kAttainment);
  request.model.num_layers = 80;
  const Cluster reference = test::round_cluster({test::round_gpu("reference", 48)}, {{0, 1}});
  request.reference_stages = reference_stages(request.model, reference, 1, 1);
  const Planning planning(std::move(request));
  try {
    planning.require_room();
    FAIL("expected InfeasibleError");
  } catch (const InfeasibleError& error) {
    const std::string message = error.what();
    CHECK(message.find("of 80 layers") != std::string::npos);
    CHECK(message.find("GB more") != std::string::npos);
  }
}

TEST_CASE("a plan uses no device twice, shares requests by capacity and fits the memory") {
  const Planning planning(mixed_request(ObjectiveKind::kRate));
  const Individual individual = {
      .groups = {{{.node = 0, .devices = 1}},
                 {{.node = 0, .devices = 1}},
                 {{.node = 1, .devices = 2}, {.node = 2, .devices = 1}}}};
  const Plan plan = planning.plan(individual);
  REQUIRE(plan.pipelines().size() == 3);
  double weights = 0;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    weights += pipeline.weight;
    CHECK(pipeline.kv_capacity_tokens >= 70);  // one request of 50 + 20 tokens
  }
  CHECK(weights == doctest::Approx(1.0));
  CHECK(plan.pipelines()[0].weight >= plan.pipelines()[2].weight);
  check_memory(
      plan, planning.request().model, planning.request().cluster, 70, planning.request().memory);
}

TEST_CASE("with single-type pipelines no pipeline mixes GPU types") {
  PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  request.groups.single_type = true;
  const Planning planning(std::move(request));
  const Plan plan = planning.plan(search(planning, evolution(planning), 1).best.individual);
  REQUIRE_FALSE(plan.empty());
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      CHECK(planning.request().cluster.gpu_of(stage.devices.front()).name ==
            planning.request().cluster.gpu_of(pipeline.stages.front().devices.front()).name);
    }
  }
}

TEST_CASE("with symmetric pipelines every stage has one TP degree and equal layers but for one") {
  PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  request.layouts = LayoutRule::kSymmetric;
  const Planning planning(std::move(request));
  const Plan plan = planning.plan(search(planning, evolution(planning), 1).best.individual);
  REQUIRE_FALSE(plan.empty());
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      CHECK(stage.tp_degree() == pipeline.stages.front().tp_degree());
      CHECK(std::abs(stage.num_layers - pipeline.stages.front().num_layers) <= 1);
    }
  }
}

TEST_CASE("constrained plans are the best of those that keep to the constraint") {
  PlanningRequest three = mixed_request(ObjectiveKind::kRate);
  three.constraints.min_pipelines = 3;
  PlanningRequest cheap = mixed_request(ObjectiveKind::kRate);
  cheap.constraints.max_price_per_hour = 3;  // a device costs 1 an hour: nodes of 2, 2 and 1
  for (const PlanningRequest& request : {three, cheap}) {
    const Planning constrained(request);
    PlanningRequest same = request;
    same.constraints = {};
    const Planning free(same);
    double best = -1e308;
    for (Individual individual : AllPartitions(request.cluster).list()) {
      std::vector<Plan> plans;
      for (individual.leniency = -kMaxLeniency; individual.leniency <= kMaxLeniency;
           ++individual.leniency) {
        const Plan plan = free.plan(individual);
        const bool seen = std::find(plans.begin(), plans.end(), plan) != plans.end();
        if (!seen && !plan.empty() && violation(plan, request.cluster, request.constraints) == 0) {
          best = std::max(best, free.fitness(plan).score);
        }
        plans.push_back(plan);
      }
    }
    const SearchResult found = search(constrained, evolution(constrained), 1);
    CHECK(violation(
              constrained.plan(found.best.individual), request.cluster, request.constraints) == 0);
    CHECK(found.best.fitness.score == doctest::Approx(best).epsilon(0.005));
  }
}

TEST_CASE(
    "a violation is the sum of the missing share of pipelines and the excess over the budget") {
  const PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  const Planning planning(request);
  const Plan plan = planning.plan({.groups = {{{.node = 0, .devices = 1}}}});  // 2 an hour
  REQUIRE(plan.pipelines().size() == 1);
  CHECK(violation(plan, request.cluster, {}) == 0);
  CHECK(violation(plan, request.cluster, {.max_price_per_hour = 2}) == 0);
  // 3 of 4 pipelines are missing, and 2 is a third more than 1.5.
  CHECK(violation(plan, request.cluster, {.max_price_per_hour = 1.5, .min_pipelines = 4}) ==
        doctest::Approx(3.0 / 4 + 1.0 / 3));
}

TEST_CASE("a constraint that no plan keeps to is named") {
  PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  request.constraints = {.max_price_per_hour = 0.5, .min_pipelines = 2};
  const Planning planning(std::move(request));
  const Plan plan = planning.plan(search(planning, evolution(planning), 1).best.individual);
  CHECK_THROWS_WITH_AS(planning.require_success(plan),
                       "model round: no plan found on cluster round that has at least 2 pipelines "
                       "and at most $0.50 per hour",
                       InfeasibleError);
}

TEST_CASE("stages have only the tensor-parallel degrees that are asked for") {
  PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  request.tp_degrees = {2};
  const Planning planning(std::move(request));
  const Plan plan = planning.plan(search(planning, evolution(planning), 1).best.individual);
  REQUIRE_FALSE(plan.empty());
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      CHECK(stage.tp_degree() == 2);
    }
  }
}

TEST_CASE("an objective that counts limits refuses a workload without any") {
  PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  request.workload.slo = {};
  CHECK_THROWS_AS(Planning{std::move(request)}, InputError);
}

TEST_CASE("the layout cache answers alike for groups that are alike") {
  const PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  const ServiceTarget target = {.prompt_tokens = 50,
                                .output_tokens = 20,
                                .longest_request_tokens = 70,
                                .max_batch = 4,
                                .memory = request.memory};
  const PipelineChooser chooser(request.model, request.cluster, target);
  LayoutCache cache(chooser, request.cluster);
  const auto first = cache.choices({{.node = 1, .devices = 1}, {.node = 2, .devices = 1}});
  const auto again = cache.choices({{.node = 1, .devices = 1}, {.node = 2, .devices = 1}});
  const auto other = cache.choices({{.node = 1, .devices = 2}});
  CHECK(first.choices == again.choices);
  CHECK(first.choices != other.choices);
  CHECK(cache.choices({{.node = 1, .devices = 1}}).choices ==
        cache.choices({{.node = 2, .devices = 1}}).choices);
  CHECK(cache.lookups() == 5);
  CHECK(cache.misses() == 3);
}

TEST_CASE("a plan over measured layers is predicted by their times") {
  PlanningRequest request = mixed_request(ObjectiveKind::kRate);
  request.cluster = test::round_cluster({test::round_gpu("fast", 0.4)}, {{0, 1}});
  constexpr double kUs = 1e-6;
  LayerProfile profile = {.gpu_type = "fast", .model = request.model.name};
  profile.layer_operators = {{.name = "all", .times = {{1, 1 * kUs}}}};
  profile.embedding = {{1, 2 * kUs}};
  profile.final_norm = {{1, 3 * kUs}};
  profile.lm_head = {{1, 4 * kUs}};
  profile.sampler = {{1, 5 * kUs}};
  profile.attention = {{.decode_sequences = 1, .decode_kv_tokens = 1, .time_s = 10 * kUs},
                       {.prefill_tokens = 50, .time_s = 100 * kUs}};
  request.tables.add(profile);
  const Planning planning(std::move(request));
  const Plan plan = planning.plan({.groups = {{{.node = 0, .devices = 1}}}});
  const PlanPrediction predicted = predict(plan, planning);
  // 50 tokens in, 20 out, in us: prefill 8 (1 + 100) + 2 + 3 + 4 + 5 = 822, then 19 steps of
  // 8 (1 + 10) + 14 = 102.
  CHECK(*predicted.request_latency_s == doctest::Approx(2760e-6));
  CHECK_FALSE(predicted.upper_bound_per_s);  // it is made of the cost model's rooflines
}
