#include <doctest/doctest.h>

#include "simulator/execution_observer.h"
#include "tests/simulator/recording.h"
#include "tests/simulator/systems.h"

// Pipelines that go down and come up, every time worked out by hand.
using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr SimTime kSecond = 1'000'000'000;

AvailabilityChange down(double at_s, int replica) {
  return {.time = to_sim_time(at_s), .replica = replica, .up = false};
}

AvailabilityChange up(double at_s, int replica) {
  return {.time = to_sim_time(at_s), .replica = replica, .up = true};
}

/// Equal replicas of one stage that takes 1 s for any iteration.
ServingSystem equal_replicas(int replicas, std::vector<AvailabilityChange> changes) {
  return {.replicas = std::vector<ReplicaModel>(static_cast<std::size_t>(replicas),
                                                fixed_replica({1.0}, 4)),
          .availability = std::move(changes)};
}

}  // namespace

TEST_CASE("a request in decode goes on with another replica, its tokens are computed again") {
  // Replica 0 emits at 1 and 2 and fails at 2.5, in the third iteration. Replica 1 prefills prompt
  // and 2 tokens from 2.5 on: third token at 3.5, fourth at 4.5.
  const auto result = play(equal_replicas(2, {down(2.5, 0)}), {{0.0, 10, 4}});
  const RequestOutcome& request = result.requests.at(0);
  CHECK(request.completed());
  CHECK(request.replica == 1);
  CHECK(request.retries == 1);
  CHECK(request.first_token_s() == 1.0);
  CHECK(request.last_token_s() == 4.5);
  CHECK(result.stage_busy_s == std::vector<std::vector<double>>{{2.5}, {2.0}});
}

TEST_CASE("a lost prefix costs its prefill again") {
  // 0.1 s a prompt token instead: 10 tokens are 1 s, then 0.1 s a step: tokens at 1, 1.1. Failure
  // at 1.15: replica 1 prefills 12 tokens: third token at 2.35.
  ReplicaModel replica = fixed_replica({0.0}, 4);
  replica.stages[0].elementwise_s_per_token = 0.1;
  const ServingSystem system = {.replicas = {replica, replica}, .availability = {down(1.15, 0)}};
  const auto result = play(system, {{0.0, 10, 3}});
  CHECK(result.requests[0].first_token_s() == 1.0);
  CHECK(result.requests[0].last_token_s() == 2.35);
}

TEST_CASE("requests in prefill and in the line are retried in order of arrival") {
  // One place each. Request 0 runs on replica 0 from 0, 2 waits behind it; 1 is on replica 1 until
  // 2. At 0.5 replica 0 goes: 0 and 2 wait on replica 1: 2-3 and 3-4.
  ServingSystem system = equal_replicas(2, {down(0.5, 0)});
  system.replicas[0].max_batch = system.replicas[1].max_batch = 1;
  const auto result = play(system, {{0.0, 10, 1}, {0.0, 10, 2}, {0.25, 10, 1}});
  CHECK(result.requests[0].last_token_s() == 3.0);
  CHECK(result.requests[1].last_token_s() == 2.0);
  CHECK(result.requests[2].last_token_s() == 4.0);
  CHECK(result.requests[0].retries == 1);
  CHECK(result.requests[1].retries == 0);
  CHECK(result.requests[2].retries == 1);
}

TEST_CASE("a token that leaves the last stage at the moment of the failure was emitted") {
  const auto result = play(equal_replicas(2, {down(1, 0)}), {{0.0, 10, 1}, {0.5, 10, 1}});
  CHECK(result.requests[0].last_token_s() == 1.0);
  CHECK(result.requests[0].retries == 0);
}

TEST_CASE("a token on its way back to the first stage was emitted") {
  // Token at 1, back at 3. The failure at 2 finds it emitted; the second one comes from replica 1.
  ServingSystem system = equal_replicas(2, {down(2, 0)});
  system.replicas[0].stages[0].handoff_s = 2;
  const auto result = play(system, {{0.0, 10, 2}});
  CHECK(result.requests[0].first_token_s() == 1.0);
  CHECK(result.requests[0].last_token_s() == 3.0);
}

TEST_CASE("a failure during a hand-off loses the iteration and frees the stages") {
  // Stage 0 until 1, hand-off until 3: the failure at 2 loses it. Up again at 5: 5-6, 6-8, 8-9.
  ReplicaModel replica = fixed_replica({1.0, 1.0}, 4);
  replica.stages[0].handoff_s = 2;
  Recording recording;
  const auto result = simulate({.replicas = {replica}, .availability = {down(2, 0), up(5, 0)}},
                               *replay_arrivals({{0.0, 10, 1}}),
                               {},
                               &recording);
  CHECK(result.requests[0].first_token_s() == 9.0);
  CHECK(result.requests[0].retries == 1);
  CHECK(result.stage_busy_s == std::vector<std::vector<double>>{{2, 1}});
  const auto& hand_offs = recording.replicas.at(0).hand_offs;
  CHECK(hand_offs.at(0).end == 2 * kSecond);
  CHECK(hand_offs.at(1).end == 8 * kSecond);
}

TEST_CASE("routers pass over what is down and come back to it") {
  const std::vector<AvailabilityChange> changes = {down(1, 0), up(3, 0)};
  for (const auto router : {RouterKind::kPlanWeights,
                            RouterKind::kLeastWork,
                            RouterKind::kRoundRobin,
                            RouterKind::kShortestCompletion}) {
    SimulationOptions options;
    options.router = router;
    const auto result = play(equal_replicas(2, changes),
                             {{1.0, 10, 1}, {2.0, 10, 1}, {3.0, 10, 1}, {3.0, 10, 1}},
                             options);
    CHECK(result.requests[0].replica == 1);
    CHECK(result.requests[1].replica == 1);
    CHECK(result.requests[2].replica + result.requests[3].replica == 1);  // one each
  }
}

TEST_CASE("requests wait for the first replica to come up, and fail when none does") {
  const auto result = play(equal_replicas(2, {down(1, 0), down(1, 1), up(5, 1), down(7, 1)}),
                           {{2.0, 10, 1}, {3.0, 10, 1}, {8.0, 10, 1}});
  CHECK(result.requests[0].last_token_s() == 6.0);
  CHECK(result.requests[1].last_token_s() == 6.0);
  CHECK(result.requests[0].retries == 0);  // it never was on a replica that went down
  CHECK(result.requests[2].state == RequestState::kFailed);
  CHECK(result.requests[2].replica == -1);
}

TEST_CASE("requests of two replicas that go down at one moment are retried once") {
  const auto result =
      play(equal_replicas(3, {down(0.5, 0), down(0.5, 1)}), {{0.0, 10, 1}, {0.0, 10, 1}});
  for (const RequestOutcome& request : result.requests) {
    CHECK(request.replica == 2);
    CHECK(request.retries == 1);
    CHECK(request.last_token_s() == 1.5);
  }
}

TEST_CASE("a request that only the replica that is down could hold waits for it") {
  ServingSystem system = equal_replicas(2, {down(0, 1), up(4, 1)});
  system.replicas[0].kv_capacity_tokens = 16;
  const auto result = play(system, {{0.0, 100, 1}, {0.0, 1 << 21, 1}});
  CHECK(result.requests[0].last_token_s() == 5.0);
  CHECK(result.requests[1].state == RequestState::kRejected);
}

TEST_CASE("a failure frees the link for the transfers of others") {
  // Both hand off 4 s of bytes over one link from 1 on, at half speed. Replica 0 goes down at 3: 1
  // has 3 s left and is alone: stage 1 until 7. The lost request starts over on it at 3: stage 0
  // until 4, link 6-10, stage 1 until 11.
  ReplicaModel replica = fixed_replica({1.0, 1.0}, 4);
  replica.stages[0].handoff_s_per_token = 1;
  replica.transfers.resize(2);
  replica.transfers[0].handoff = {{.bytes_per_s = 1, .resources = {0}}};
  const ServingSystem system = {
      .replicas = {replica, replica}, .network = {{1}}, .availability = {down(3, 0)}};
  const auto result = play(system, {{0, 4, 1}, {0, 4, 1}});
  CHECK(result.requests[1].first_token_s() == 7.0);
  CHECK(result.requests[0].first_token_s() == 11.0);
}

TEST_CASE("at the horizon requests are in flight, and what comes later did not arrive") {
  SimulationOptions options;
  options.until = to_sim_time(2.5);
  const auto result = play(
      equal_replicas(1, {}), {{0.0, 10, 1}, {1.5, 10, 1}, {2.5, 10, 1}, {2.6, 10, 1}}, options);
  REQUIRE(result.requests.size() == 3);
  CHECK(result.requests[0].completed());
  CHECK(result.requests[1].completed());  // at 2.5
  CHECK(result.requests[2].state == RequestState::kInFlight);
  CHECK(result.end_s == 2.5);
  CHECK(result.stage_busy_s[0][0] == 2.0);
}
