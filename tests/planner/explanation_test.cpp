#include "planner/explanation.h"

#include <doctest/doctest.h>

#include "tests/support/clusters.h"

using namespace hexgen;
using doctest::Approx;

namespace {

/// Of the round model's 0.28 GB a fast GPU holds all, a small one less than a half.
Cluster cluster_of(const std::vector<std::pair<int, int>>& type_and_gpus) {
  return test::round_cluster({test::round_gpu("fast", 0.4), test::round_gpu("small", 0.13)},
                             type_and_gpus);
}

PlanningRequest request_over(const Cluster& cluster, BatchPolicyKind policy) {
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
  request.simulation.policy = policy;
  request.memory = {.reserve_bytes = 5e6, .activation_tokens = 64, .logit_rows = 4};
  request.max_batch = 16;
  return request;
}

PipelineGroup pipeline(std::vector<Stage> stages) {
  return {.name = "p0", .max_batch = 1, .kv_capacity_tokens = 5000, .stages = std::move(stages)};
}

const std::vector<Stage> kAlone = {{.first_layer = 0, .num_layers = 8, .devices = {0}}};
const std::vector<Stage> kPair = {{.first_layer = 0, .num_layers = 8, .devices = {0, 1}}};
const std::vector<Stage> kHalves = {{.first_layer = 0, .num_layers = 4, .devices = {0}},
                                    {.first_layer = 4, .num_layers = 4, .devices = {1}}};

Explanation explained(const Plan& plan, const Cluster& cluster, int threads = 1) {
  const SearchSettings settings = {
      .threads = threads, .population = 12, .elites = 2, .generations = 3};
  return explain(plan, request_over(cluster, BatchPolicyKind::kContinuous), settings, false);
}

/// The whole model on one device, for as many requests as the policy allows.
PipelineGroup alone(const std::string& name, int device) {
  PipelineGroup alone = pipeline({{.first_layer = 0, .num_layers = 8, .devices = {device}}});
  alone.name = name;
  alone.max_batch = 16;
  return alone;
}

Plan two_alone() {
  return {{alone("p0", 0), alone("p1", 1)}, 8, 2};
}

}  // namespace

TEST_CASE("reading weights binds a single GPU that serves one request") {
  const auto request = request_over(cluster_of({{0, 1}}), BatchPolicyKind::kOneBatch);
  const std::vector<Binding> found = bindings(pipeline(kAlone), request);
  CHECK(found[0].resource == Resource::kMemoryBandwidth);
  CHECK(found[0].stage == 0);
  // Expectation: nothing else takes time, prefill included (50 tokens: 0.28 ms to read the weights,
  // 0.14 ms to compute), so 10 % more bandwidth is 10 % more requests.
  CHECK(found[0].gain == Approx(0.1).epsilon(0.01));
}

TEST_CASE("a slow link binds two stages") {
  const auto request = request_over(cluster_of({{0, 1}, {0, 1}}), BatchPolicyKind::kOneBatch);
  const std::vector<Binding> found = bindings(pipeline(kHalves), request);
  // Expectation: hand-off 1 ms + 2 kB a token at 1 GB/s; stages read 240 MB of layers and 20 MB of
  // LM head at 1 TB/s. Prefill 0.26 + 1.1 ms, 19 steps of 0.26 + 1.002 + 1 ms: 44.34 ms in all, of
  // which 1.1 + 19 * 1.002 = 20.14 ms are the hand-off 0 -> 1: 1 / (1 - 0.4542 / 11) - 1.
  CHECK(found[0].resource == Resource::kHandoff);
  CHECK(found[0].stage == 0);
  CHECK(found[0].gain == Approx(0.0431).epsilon(0.01));
  CHECK(found[1].resource == Resource::kHandoff);
  CHECK(found[1].stage == 1);
}

TEST_CASE("the latency of all-reduces binds a tensor-parallel pair") {
  const auto request = request_over(cluster_of({{0, 2}}), BatchPolicyKind::kOneBatch);
  const std::vector<Binding> found = bindings(pipeline(kPair), request);
  // Expectation: two all-reduces a layer of two steps of 10 us: 0.32 ms a token, against 134.8 MB
  // at 1 TB/s: 0.704 of the time, 1 / (1 - 0.704 / 11) - 1.
  CHECK(found[0].resource == Resource::kAllReduce);
  CHECK(found[0].gain == Approx(0.0684).epsilon(0.01));
}

TEST_CASE("KV room binds stages that wait for each other, but only where it limits the batch") {
  const auto request = request_over(cluster_of({{0, 1}, {0, 1}}), BatchPolicyKind::kContinuous);
  PipelineGroup one_request = pipeline(kHalves);
  one_request.kv_capacity_tokens = 100;  // a request has 70 tokens
  // Expectation: with a second request both stages work at once, nearly twice the capacity.
  const std::vector<Binding> found = bindings(one_request, request);
  CHECK(found[0].resource == Resource::kKvRoom);
  CHECK(found[0].gain > 0.08);
  CHECK(found[0].gain <= 0.1);
  for (const Binding& binding : bindings(pipeline(kHalves), request)) {
    CHECK(binding.resource != Resource::kKvRoom);
  }
}

TEST_CASE("a GPU that holds the model is worth a pipeline, one that does not is worth nothing") {
  // The small GPU is idle, and two of them do not hold the model either.
  const Cluster cluster = cluster_of({{0, 1}, {1, 1}});
  const Explanation explanation = explained(Plan({alone("p0", 0)}, 8, 2), cluster);
  REQUIRE(explanation.marginal_gpus.size() == 2);
  CHECK(explanation.marginal_gpus[0].gpu_type == "fast");
  CHECK(explanation.marginal_gpus[0].gain > 0.8 * explanation.best_score);
  CHECK(explanation.marginal_gpus[0].price_per_hour == 1.0);
  CHECK(explanation.marginal_gpus[1].gpu_type == "small");
  CHECK(explanation.marginal_gpus[1].gain == 0);
  CHECK(explanation.marginal_gpus[1].place.empty());
}

TEST_CASE("a third GPU is worth most in the node where two lie idle") {
  // Three small GPUs hold the model; in one node they reach each other in 10 us instead of 1 ms.
  const Cluster cluster = cluster_of({{0, 1}, {1, 2}});
  const Explanation explanation = explained(Plan({alone("p0", 0)}, 8, 3), cluster);
  REQUIRE(explanation.marginal_gpus.size() == 2);
  CHECK(explanation.marginal_gpus[1].gpu_type == "small");
  CHECK(explanation.marginal_gpus[1].place == "in n1");
  CHECK(explanation.marginal_gpus[1].gain > 0);
}

TEST_CASE("the runner-up has other groups and a lower score") {
  const Explanation explanation = explained(two_alone(), cluster_of({{0, 2}}));
  REQUIRE(explanation.runner_up);
  CHECK(explanation.runner_up->plan.pipelines().size() == 1);
  CHECK(explanation.runner_up->score < explanation.best_score);
  CHECK(explanation.pipelines.size() == 2);
  CHECK(explanation.pipelines[0].share == 0.5);
  CHECK(explanation.pipelines[0].utilisation > 0);
  CHECK(explanation.pipelines[0].utilisation <= 1);
}

TEST_CASE("one and three threads explain a plan alike") {
  const Cluster cluster = cluster_of({{0, 2}});
  const Explanation one = explained(two_alone(), cluster, 1);
  const Explanation three = explained(two_alone(), cluster, 3);
  CHECK(one.best_score == three.best_score);
  CHECK(one.marginal_gpus[0].gain == three.marginal_gpus[0].gain);
  REQUIRE(one.runner_up);
  REQUIRE(three.runner_up);
  CHECK(one.runner_up->plan == three.runner_up->plan);
}
