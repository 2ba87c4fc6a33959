#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "simulator/event.h"
#include "tests/simulator/random_case.h"

// What must hold for every system and workload, tried on random ones.
using namespace hexgen;
using namespace hexgen::test;

namespace {

constexpr std::uint64_t kCases = 400;

}  // namespace

TEST_CASE("jumping over decode steps gives exactly what stepping gives") {
  std::int64_t preemptions = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    const SimulationResult jumped = random.play(true);
    const SimulationResult stepped = random.play(false);
    REQUIRE(jumped.requests == stepped.requests);
    REQUIRE(jumped.stage_busy_s == stepped.stage_busy_s);
    REQUIRE(jumped.iterations == stepped.iterations);
    REQUIRE(jumped.preemptions == stepped.preemptions);
    REQUIRE(jumped.token_gaps.count() == stepped.token_gaps.count());
    REQUIRE(jumped.token_gaps.distribution().p99_s == stepped.token_gaps.distribution().p99_s);
    preemptions += jumped.preemptions;
  }
  CHECK(preemptions > 1000);  // the cases are hard enough to matter
}

TEST_CASE("every request is completed or rejected, in sensible order, with all its tokens") {
  std::int64_t rejected = 0;
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    CAPTURE(seed);
    const RandomCase random(seed);
    const SimulationResult result = random.play();
    REQUIRE(result.requests.size() == 100);
    std::int64_t gaps = 0;
    for (const RequestOutcome& request : result.requests) {
      REQUIRE(request.state != RequestState::kInFlight);
      if (request.state == RequestState::kRejected) {
        ++rejected;
        continue;
      }
      gaps += request.output_tokens - 1;
      REQUIRE(request.arrival < request.first_token);
      REQUIRE(request.first_token <= request.last_token);
      REQUIRE((request.output_tokens > 1) == (request.first_token < request.last_token));
    }
    REQUIRE(result.token_gaps.count() == gaps);
    for (const auto& stages : result.stage_busy_s) {
      for (const double busy_s : stages) {
        REQUIRE(busy_s <= result.end_s);
      }
    }
  }
  CHECK(rejected > 0);
}

TEST_CASE("the same run twice is the same to the last bit") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RandomCase random(seed);
    CHECK(random.play().requests == random.play().requests);
  }
}

TEST_CASE("a replica with one stage serves first tokens in order of arrival") {
  for (std::uint64_t seed = 0; seed < kCases; ++seed) {
    RandomCase random(seed);
    random.options.kv_block_tokens = 1;
    for (ReplicaModel& replica : random.system.replicas) {
      replica.kv_capacity_tokens = 1 << 20;  // no preemption
      replica.stages.resize(1);              // one micro-batch: no overtaking
    }
    const SimulationResult result = random.play();
    std::vector<SimTime> latest(random.system.replicas.size(), 0);
    for (const RequestOutcome& request : result.requests) {
      SimTime& before = latest[static_cast<std::size_t>(request.replica)];
      REQUIRE(request.first_token >= before);
      before = request.first_token;
    }
  }
}

TEST_CASE("simultaneous events have one order, whatever the order they are made in") {
  std::vector<EventKey> events = {{.time = 5, .kind = EventKind::kIterationEnd, .sequence = 1},
                                  {.time = 5, .kind = EventKind::kArrival, .sequence = 0},
                                  {.time = 5, .kind = EventKind::kArrival, .sequence = 3},
                                  {.time = 5, .kind = EventKind::kLaunch, .sequence = 0},
                                  {.time = 6, .kind = EventKind::kIterationEnd, .sequence = 0}};
  const std::vector<EventKey> expected = events;
  std::vector<int> order = {0, 1, 2, 3, 4};
  do {
    std::vector<EventKey> shuffled;
    for (const int index : order) {
      shuffled.push_back(expected[static_cast<std::size_t>(index)]);
    }
    std::sort(shuffled.begin(), shuffled.end());
    REQUIRE(shuffled == expected);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("equal requests that arrive together are served alike in every order") {
  // Three requests at 1 s on three equal replicas, one of them busy from 0 s on: the times do not
  // depend on which of the three comes first.
  const ReplicaModel replica = fixed_replica({1.0}, 2);
  const ServingSystem system = {.replicas = {replica, replica, replica}};
  std::vector<RequestSpec> requests = {{0.0, 5, 4}, {1.0, 5, 2}, {1.0, 6, 2}, {1.0, 7, 2}};
  SimulationOptions options;
  for (const auto router : {RouterKind::kPlanWeights,
                            RouterKind::kLeastWork,
                            RouterKind::kRoundRobin,
                            RouterKind::kShortestCompletion}) {
    options.router = router;
    std::vector<SimTime> expected;
    do {
      std::vector<SimTime> ends;
      for (const RequestOutcome& request : play(system, requests, options).requests) {
        ends.push_back(request.last_token);
      }
      std::sort(ends.begin(), ends.end());
      expected = expected.empty() ? ends : expected;
      CHECK(ends == expected);
    } while (std::next_permutation(requests.begin() + 1, requests.end(), [](auto& a, auto& b) {
      return a.prompt_tokens < b.prompt_tokens;
    }));
  }
}
