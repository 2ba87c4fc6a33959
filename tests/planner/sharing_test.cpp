#include "planner/sharing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "planner/group_labels.h"
#include "planner/partitions.h"
#include "profiles/errors.h"
#include "tests/support/clusters.h"

using namespace hexgen;

namespace {

PlanningRequest request_for(const Cluster& cluster, ObjectiveKind objective, double rate_per_s) {
  PlanningRequest request = {
      .model = test::round_model(), .cluster = cluster, .workload = {}, .objective = objective};
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

/// A model of half the layers.
PlanningRequest small_request_for(const Cluster& cluster,
                                  ObjectiveKind objective,
                                  double rate_per_s) {
  PlanningRequest request = request_for(cluster, objective, rate_per_s);
  request.model.name = "small";
  request.model.num_layers = 4;
  return request;
}

SharedCluster shared(const ModelSharing& sharing, int threads = 1) {
  const SearchSettings settings = {.seed = 3,
                                   .threads = threads,
                                   .population = 16,
                                   .elites = 2,
                                   .generations = 10,
                                   .stagnation = 6};
  const std::atomic<bool> stop = false;
  return share_cluster(
      sharing, settings, [](const GenerationReport&) {}, stop);
}

std::vector<int> devices_of(const Plan& plan) {
  std::vector<int> devices;
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    for (const Stage& stage : pipeline.stages) {
      devices.insert(devices.end(), stage.devices.begin(), stage.devices.end());
    }
  }
  return devices;
}

/// The best score of all partitions of the devices into groups that may hold a model, with each
/// group given to either of two models.
double best_of_all(const ModelSharing& sharing) {
  double best = -1e308;
  for (const Individual& partition : all_partitions(sharing.space(), 100'000)) {
    const std::size_t groups = partition.groups.size();
    for (std::size_t labels = 0; labels < std::size_t{1} << groups; ++labels) {
      ClusterDivision division(2);
      for (std::size_t g = 0; g < groups; ++g) {
        division[labels >> g & 1].groups.push_back(partition.groups[g]);
      }
      best = std::max(best, sharing.fitness(sharing.plans(division)).score);
    }
  }
  return best;
}

}  // namespace

TEST_CASE("two equal models on a symmetric cluster get equal halves") {
  const Cluster cluster = test::round_cluster({test::round_gpu("gpu", 0.4)}, {{0, 2}, {0, 2}});
  const ModelSharing sharing({request_for(cluster, ObjectiveKind::kRate, 20),
                              request_for(cluster, ObjectiveKind::kRate, 20)});
  const SharedCluster found = shared(sharing);
  CHECK(devices_of(found.plans[0]).size() == devices_of(found.plans[1]).size());
  const Objective one = sharing.planning(0).fitness(found.plans[0]);
  const Objective other = sharing.planning(1).fitness(found.plans[1]);
  CHECK(one.score == doctest::Approx(other.score).epsilon(1e-9));
  // Whole machines of equal memory are dealt out one each.
  CHECK(equal_memory_parts(cluster, 2) == std::vector<std::vector<int>>{{2, 0}, {0, 2}});
  CHECK(found.fitness.score == doctest::Approx(found.halves_fitness.score));
}

TEST_CASE("the division is the best of all partitions and all ways to give groups to models") {
  GpuType fast = test::round_gpu("fast", 0.4);
  GpuType slow = test::round_gpu("slow", 0.2);
  slow.memory_bandwidth_bytes_per_s *= 0.5;

  const struct {
    std::vector<std::pair<int, int>> types_and_gpus;
    ObjectiveKind objective;
  } cases[] = {{{{0, 1}, {1, 2}}, ObjectiveKind::kRate},
               {{{0, 2}, {1, 2}}, ObjectiveKind::kAttainment},
               {{{0, 1}, {0, 1}, {1, 2}}, ObjectiveKind::kDeadline},
               {{{0, 3}}, ObjectiveKind::kRate}};

  for (const auto& [types_and_gpus, objective] : cases) {
    const Cluster cluster = test::round_cluster({fast, slow}, types_and_gpus);
    CAPTURE(cluster.num_devices());
    CAPTURE(static_cast<int>(objective));
    const ModelSharing sharing(
        {request_for(cluster, objective, 10), small_request_for(cluster, objective, 60)});
    const double best = best_of_all(sharing);
    const SharedCluster found = shared(sharing);
    CHECK(found.fitness.score >= best - 0.01 * std::abs(best));
    CHECK(found.fitness >= found.halves_fitness);
  }
}

TEST_CASE("plans of a division have no device in common, with one thread as with three") {
  const Cluster cluster = test::round_cluster(
      {test::round_gpu("big", 0.4), test::round_gpu("small", 0.2)}, {{0, 3}, {1, 4}, {0, 2}});
  const ModelSharing sharing({request_for(cluster, ObjectiveKind::kAttainment, 40),
                              small_request_for(cluster, ObjectiveKind::kAttainment, 80)});
  const SharedCluster one = shared(sharing, 1);
  const SharedCluster three = shared(sharing, 3);
  CHECK(one.plans == three.plans);
  CHECK(one.fitness == three.fitness);
  std::set<int> used;
  std::size_t devices = 0;
  for (const Plan& plan : one.plans) {
    const std::vector<int> own = devices_of(plan);
    used.insert(own.begin(), own.end());
    devices += own.size();
  }
  CHECK(used.size() == devices);
}

TEST_CASE("cheap divisions leave machines out, and budgets count for all models together") {
  const Cluster cluster =
      test::round_cluster({test::round_gpu("gpu", 0.4)}, {{0, 1}, {0, 1}, {0, 1}, {0, 1}});
  const ModelSharing cheap({request_for(cluster, ObjectiveKind::kCost, 1),
                            request_for(cluster, ObjectiveKind::kCost, 1)});
  CHECK(shared(cheap).fitness.score == doctest::Approx(-2));  // $1 a machine, one for each model
  std::vector<PlanningRequest> poor = {request_for(cluster, ObjectiveKind::kAttainment, 1),
                                       request_for(cluster, ObjectiveKind::kAttainment, 1)};
  for (PlanningRequest& request : poor) {
    request.constraints.max_price_per_hour = 3;
  }
  const SharedCluster within = shared(ModelSharing(poor));
  CHECK(devices_of(within.plans[0]).size() + devices_of(within.plans[1]).size() <= 3);
  for (PlanningRequest& request : poor) {
    request.constraints.max_price_per_hour = 1;
  }
  const ModelSharing too_poor(poor);
  CHECK_THROWS_AS(shared(too_poor), InfeasibleError);
}

TEST_CASE("groups are given to models so that the slowest is as fast as can be") {
  // Speeds 4, 3, 3 for both: {4} and {3, 3} leave 4, any other way 3 or less.
  CHECK(label_groups({{3, 3}, {4, 4}, {3, 3}}) == std::vector<int>{1, 0, 1});
  // Only the first group can serve model 1.
  CHECK(label_groups({{9, 1}, {2, 0}}) == std::vector<int>{1, 0});
  CHECK(label_groups({{0, 0}, {2, 2}, {1, 1}}) == std::vector<int>{-1, 0, 1});
  CHECK(label_groups({}).empty());
}

TEST_CASE("a model that does not fit, or has no device, is named") {
  const Cluster one = test::round_cluster({test::round_gpu("gpu", 0.4)}, {{0, 1}});
  CHECK_THROWS_AS(equal_memory_parts(one, 2), InfeasibleError);
  const Cluster tiny = test::round_cluster({test::round_gpu("gpu", 0.1)}, {{0, 2}});
  const std::vector<PlanningRequest> requests = {request_for(tiny, ObjectiveKind::kRate, 1),
                                                 small_request_for(tiny, ObjectiveKind::kRate, 1)};
  CHECK_THROWS_AS(ModelSharing{requests}, InfeasibleError);
}
