#include "planner/replanning.h"

#include <doctest/doctest.h>

#include "profiles/errors.h"
#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;

namespace {

/// A fast GPU holds the round model of 0.28 GB, a slow one somewhat more than half of it.
Cluster cluster_of(const std::vector<std::pair<int, int>>& type_and_gpus) {
  return test::round_cluster({test::round_gpu("fast", 0.4), test::round_gpu("slow", 0.2)},
                             type_and_gpus);
}

PlanningRequest request_over(const Cluster& cluster) {
  PlanningRequest request = {.model = test::round_model(),
                             .cluster = cluster,
                             .workload = {},
                             .objective = ObjectiveKind::kRate};
  request.workload.arrivals = {.rate_per_s = 20, .requests = 200};
  request.workload.prompt_tokens.value = 50;
  request.workload.output_tokens.value = 20;
  request.workload.slo.scale = 20;
  request.requests = draw_requests(*generate_arrivals(request.workload, 1));
  const Cluster reference = test::round_cluster({test::round_gpu("reference", 48)}, {{0, 1}});
  request.reference_stages = reference_stages(request.model, reference, 1, 1);
  request.memory = {.reserve_bytes = 5e6, .activation_tokens = 64, .logit_rows = 4};
  request.max_batch = 16;
  return request;
}

/// All layers on one device.
PipelineGroup alone(const std::string& name, int device) {
  return {.name = name,
          .max_batch = 8,
          .kv_capacity_tokens = 800,
          .stages = {{.first_layer = 0, .num_layers = 8, .devices = {device}}}};
}

/// Four layers on each of two devices.
PipelineGroup halves(const std::string& name, int first, int second) {
  return {.name = name,
          .max_batch = 8,
          .kv_capacity_tokens = 800,
          .stages = {{.first_layer = 0, .num_layers = 4, .devices = {first}},
                     {.first_layer = 4, .num_layers = 4, .devices = {second}}}};
}

Replanned replan_after(const Cluster& cluster,
                       const std::vector<PipelineGroup>& pipelines,
                       const ClusterChange& change,
                       int threads = 1) {
  const ReplanSettings settings = {
      .search = {.threads = threads, .population = 12, .elites = 2, .generations = 4},
      .score_per_copy = 1};
  return replan(
      Plan(pipelines, 8, cluster.num_devices()),
      change,
      request_over(change.usable),
      settings,
      [](const GenerationReport&) {},
      false);
}

const PipelineChange& change_of(const Replanned& replanned, const std::string& name) {
  for (const PipelineChange& change : replanned.changes) {
    if (change.name == name) {
      return change;
    }
  }
  throw std::runtime_error("no pipeline " + name);
}

const PipelineGroup& pipeline_of(const Plan& plan, const std::string& name) {
  for (const PipelineGroup& pipeline : plan.pipelines()) {
    if (pipeline.name == name) {
      return pipeline;
    }
  }
  throw std::runtime_error("no pipeline " + name);
}

void check_same_but_weight(PipelineGroup pipeline, const PipelineGroup& other) {
  pipeline.weight = other.weight;
  CHECK(pipeline == other);
}

}  // namespace

TEST_CASE("a lost node takes its pipeline along and the others stay exactly as they are") {
  const Cluster cluster = cluster_of({{0, 1}, {0, 1}, {0, 1}});
  const ClusterChange change = change_cluster(cluster, {"n1"});
  const Replanned replanned =
      replan_after(cluster, {alone("a", 0), alone("b", 1), alone("c", 2)}, change);
  CHECK(replanned.plan.pipelines().size() == 2);
  CHECK(change_of(replanned, "b").fate == PipelineFate::kDropped);
  CHECK(change_of(replanned, "c").fate == PipelineFate::kKept);
  CHECK(replanned.transfer.bytes == 0);
  const Plan plan = on_cluster(replanned.plan, change, 8);
  check_same_but_weight(pipeline_of(plan, "a"), alone("a", 0));
  check_same_but_weight(pipeline_of(plan, "c"), alone("c", 1));  // n2 is now the second node
  CHECK(replanned.interim.pipelines().size() == 2);
}

TEST_CASE("a pipeline that lost one GPU takes an idle one and loads only what that one lacks") {
  const Cluster cluster = cluster_of({{0, 1}, {1, 3}});  // n1: two in use, one idle
  const ClusterChange change = change_cluster(cluster, {"n1:0"});
  const Replanned replanned = replan_after(cluster, {alone("a", 0), halves("b", 1, 2)}, change);
  CHECK(change_of(replanned, "a").fate == PipelineFate::kKept);
  const PipelineChange& changed = change_of(replanned, "b");
  CHECK(changed.fate == PipelineFate::kChanged);
  CHECK(replanned.transfer.bytes == changed.bytes);
  // A copy has 280.034 MB, of which the GPU that is left holds half the layers and the LM head.
  CHECK(changed.bytes < 280.034e6);
  const Plan plan = on_cluster(replanned.plan, change, 8);
  for (const Stage& stage : pipeline_of(plan, "b").stages) {
    for (const int device : stage.devices) {
      CHECK(change.cluster.device_name(device) != "n1:0");
    }
  }
  CHECK(replanned.interim.pipelines().size() == 1);
}

TEST_CASE("a joined node becomes a pipeline whose copy comes over the link") {
  const Cluster cluster = cluster_of({{0, 1}, {0, 1}});
  const Cluster joined = {"joined",
                          cluster.gpu_types(),
                          cluster.link_types(),
                          {{.name = "x", .region = "here", .gpu_type = 0, .gpus = 1}},
                          {Link{}}};
  const ClusterChange change = change_cluster(cluster, {}, &joined);
  const Replanned replanned = replan_after(cluster, {alone("p0", 0), alone("p1", 1)}, change);
  CHECK(change_of(replanned, "p0").fate == PipelineFate::kKept);
  CHECK(change_of(replanned, "p1").fate == PipelineFate::kKept);
  CHECK(change_of(replanned, "p2").fate == PipelineFate::kNew);
  CHECK(pipeline_of(replanned.plan, "p2").stages[0].devices == std::vector<int>{2});
  // Expectation: half a copy from each node, see weight_transfer_test.cpp.
  CHECK(replanned.transfer.bytes == Approx(280.034e6));
  CHECK(replanned.transfer.slowest()->time_s == Approx(0.141018));
}

TEST_CASE("a copy that costs more than it gains is not loaded") {
  const Cluster cluster = cluster_of({{0, 1}});
  const Cluster joined = {"joined",
                          cluster.gpu_types(),
                          cluster.link_types(),
                          {{.name = "x", .region = "here", .gpu_type = 0, .gpus = 1},
                           {.name = "n0", .region = "here", .gpu_type = 0, .gpus = 1}},
                          std::vector<Link>(4, {.latency_s = 1e-3, .bandwidth_bytes_per_s = 1e9})};
  const ClusterChange change = change_cluster(cluster, {}, &joined);
  const ReplanSettings dear = {
      .search = {.threads = 1, .population = 12, .elites = 2, .generations = 4},
      .score_per_copy = 1e6};
  const Replanned replanned = replan(
      Plan({alone("p0", 0)}, 8, 1),
      change,
      request_over(change.usable),
      dear,
      [](const GenerationReport&) {},
      false);
  CHECK(replanned.plan.pipelines().size() == 1);
  CHECK(replanned.transfer.bytes == 0);
}

TEST_CASE("nothing moves when nothing was lost and nothing joined") {
  const Cluster cluster = cluster_of({{0, 2}, {0, 1}});
  const std::vector<PipelineGroup> pipelines = {alone("a", 1)};  // two GPUs are idle
  const Replanned replanned = replan_after(cluster, pipelines, change_cluster(cluster, {}));
  CHECK(replanned.plan.pipelines() == pipelines);
  CHECK(replanned.transfer.loads.empty());
  CHECK(replanned.evaluations == 0);
}

TEST_CASE("what is left may be too little, or nothing") {
  const Cluster cluster = cluster_of({{1, 1}, {1, 1}});
  const std::vector<PipelineGroup> pipelines = {halves("a", 0, 1)};
  CHECK_THROWS_AS(replan_after(cluster, pipelines, change_cluster(cluster, {"n0"})),
                  InfeasibleError);
  CHECK_THROWS_WITH_AS(
      replan_after(cluster, pipelines, change_cluster(cluster, {"n0", "n1"})),
      "model round: no device of cluster round is left; its weights alone need 0.3 GB",
      InfeasibleError);
}

TEST_CASE("one and three threads change a plan alike") {
  const Cluster cluster = cluster_of({{0, 2}, {1, 4}, {1, 3}});
  const std::vector<PipelineGroup> pipelines = {
      alone("a", 0), halves("b", 2, 3), halves("c", 4, 6), halves("d", 7, 8)};
  const ClusterChange change = change_cluster(cluster, {"n1:2"});
  const Replanned one = replan_after(cluster, pipelines, change, 1);
  const Replanned three = replan_after(cluster, pipelines, change, 3);
  CHECK(one.plan == three.plan);
  CHECK(one.transfer.bytes == three.transfer.bytes);
  CHECK(one.evaluations == three.evaluations);
}
