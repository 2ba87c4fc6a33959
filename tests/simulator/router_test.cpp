#include "simulator/router.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/simulator/systems.h"

using namespace hexgen;
using namespace hexgen::test;

namespace {

ReplicaModel weighted(double weight, double seconds = 1.0) {
  ReplicaModel replica = fixed_replica({seconds});
  replica.weight = weight;
  return replica;
}

std::vector<int> replicas_of(const SimulationResult& result) {
  std::vector<int> replicas;
  for (const RequestOutcome& request : result.requests) {
    replicas.push_back(request.replica);
  }
  return replicas;
}

std::vector<int> route(const ServingSystem& system,
                       std::vector<RequestSpec> requests,
                       RouterKind router) {
  SimulationOptions options;
  options.router = router;
  return replicas_of(play(system, std::move(requests), options));
}

std::vector<RequestSpec> apart(int requests, double gap_s) {
  std::vector<RequestSpec> result;
  for (int i = 0; i < requests; ++i) {
    result.push_back({i * gap_s, 10, 1});
  }
  return result;
}

}  // namespace

TEST_CASE("plan weights spread requests evenly in their proportion") {
  // Weights 5, 1, 1: the smooth order is 0 0 1 0 2 0 0, and again.
  const ServingSystem system = {.replicas = {weighted(5), weighted(1), weighted(1)}};
  CHECK(route(system, apart(8, 1), RouterKind::kPlanWeights) ==
        std::vector<int>{0, 0, 1, 0, 2, 0, 0, 0});
}

TEST_CASE("round robin does not read the weights") {
  const ServingSystem system = {.replicas = {weighted(5), weighted(1), weighted(1)}};
  CHECK(route(system, apart(5, 1), RouterKind::kRoundRobin) == std::vector<int>{0, 1, 2, 0, 1});
}

TEST_CASE("least work counts what is outstanding, in seconds of the replica") {
  // 4 s a request on replica 0, 1 s on replica 1, one at a time, all at once: work after the
  // request would be 4 or 1, 4 or 2, 4 or 3, then 4 or 4 (the first wins), 8 or 4, 8 or 5.
  const ServingSystem system = {.replicas = {weighted(1, 4.0), weighted(1, 1.0)}};
  CHECK(route(system, apart(6, 0), RouterKind::kLeastWork) == std::vector<int>{1, 1, 1, 0, 1, 1});
  // With 5 s between them replica 1 is always idle again.
  CHECK(route(system, apart(3, 5), RouterKind::kLeastWork) == std::vector<int>{1, 1, 1});
}

TEST_CASE("the shortest completion weighs the queue against the speed") {
  // One request at a time: 4 s on replica 0, 1 s on replica 1. The fifth would end at 5 s on
  // replica 1 behind four others, at 8 s on replica 0 behind one.
  const ServingSystem system = {.replicas = {weighted(1, 4.0), weighted(1, 1.0)}};
  CHECK(route(system, apart(5, 0), RouterKind::kShortestCompletion) ==
        std::vector<int>{1, 1, 1, 0, 1});
}

TEST_CASE("every router passes over replicas that could never hold the request") {
  ReplicaModel small = weighted(9);
  small.kv_capacity_tokens = 64;
  const ServingSystem system = {.replicas = {small, weighted(1, 2.0)}};
  for (const auto router : {RouterKind::kPlanWeights,
                            RouterKind::kLeastWork,
                            RouterKind::kRoundRobin,
                            RouterKind::kShortestCompletion}) {
    CHECK(route(system, {{0, 100, 1}, {0, 100, 1}}, router) == std::vector<int>{1, 1});
    CHECK(route({.replicas = {small}}, {{0, 100, 1}}, router) == std::vector<int>{-1});
  }
}

TEST_CASE("a request longer than the model's context is rejected") {
  ServingSystem system = {.replicas = {weighted(1)}};
  system.max_context_tokens = 100;
  CHECK(route(system, {{0, 90, 10}, {0, 91, 10}}, RouterKind::kPlanWeights) ==
        std::vector<int>{0, -1});
}
